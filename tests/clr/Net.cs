// Net.cs: prints how .NET's host has understood the files beside the program, one setting a line,
// and then the arguments. Returns the number of arguments.

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
