// Echo.cs: prints its arguments, one a line, and returns how many there were.

using System;
using System.Text;

static class Echo
{
    static int Main(string[] arguments)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Join("\n", arguments) + "\n");

        Console.OpenStandardOutput().Write(text, 0, text.Length);
        return arguments.Length;
    }
}
