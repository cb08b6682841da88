// Net.cs: tells what .NET's host has made of the files beside the program, one thing a line, then its
// arguments. Returns how many of those there were.

using System;
using System.IO;
using System.Runtime;

static class Net
{
    static int Main(string[] arguments)
    {
        bool on;

        Console.WriteLine("library {0}", Library.Name());
        Console.WriteLine("runtime {0}", Path.GetFileName(Path.GetDirectoryName(typeof(object).Assembly.Location)));
        Console.WriteLine("switch {0}", AppContext.TryGetSwitch("Net.Switch", out on) && on);
        Console.WriteLine("server {0}", GCSettings.IsServerGC);
        foreach (string argument in arguments)
            Console.WriteLine("argument {0}", argument);
        return arguments.Length;
    }
}
