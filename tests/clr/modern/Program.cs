// Hello: a small program for the runtimes of today. It says what it was given and which runtime it
// is on, works, checks its work, and ends in the way that it is told to. With the same arguments on
// the same runtime it prints the same in each run.
//
// Usage: Hello [--mib N] [--threads N] [--echo] [--end HOW] [--code N] [ARGUMENT...]
//
//   --mib N      each thread allocates N MiB (default 16)
//   --threads N  how many threads work (default 4)
//   --echo       copies standard input to standard output before the work
//   --end HOW    how it ends (default return); Ending.cs has them
//   --code N     its exit code, where HOW lets it choose (default 0)
//
// The first word that is none of these, and all after it, are arguments to print. A wrong option ends
// it with code 2, work that went wrong with code 1.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace Hostmem.Hello;

internal sealed class Options
{
    public int Mebibytes = 16;
    public int Threads = 4;
    public bool Echo;
    public string End = "return";
    public int Code;
    public List<string> Arguments = new List<string>();

    // Throws a FormatException that tells what is wrong.
    public static Options Parse(string[] words)
    {
        var options = new Options();
        int next = 0;
        while (next < words.Length && options.Take(words, ref next)) {
        }
        for (; next < words.Length; next++)
            options.Arguments.Add(words[next]);
        return options;
    }

    // Takes the option at next, and says whether there was one.
    private bool Take(string[] words, ref int next)
    {
        switch (words[next]) {
            case "--mib": Mebibytes = Number(words, ref next); return true;
            case "--threads": Threads = Number(words, ref next); return true;
            case "--code": Code = Number(words, ref next); return true;
            case "--end": End = Value(words, ref next); return true;
            case "--echo": Echo = true; next++; return true;
            default: return false;
        }
    }

    private static string Value(string[] words, ref int next)
    {
        if (next + 1 >= words.Length)
            throw new FormatException(words[next] + " needs a value");
        next += 2;
        return words[next - 1];
    }

    private static int Number(string[] words, ref int next)
    {
        string option = words[next];
        string value = Value(words, ref next);
        if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                          out int number))
            throw new FormatException(option + " needs a number, not " + value);
        return number;
    }
}

internal static class Program
{
    // UTF-8 whatever the console's code page is, and the same line ends everywhere.
    public static readonly StreamWriter Output =
        new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) {
            AutoFlush = true,
            NewLine = "\n",
        };

    private static int Main(string[] words)
    {
        Options options;
        try {
            options = Options.Parse(words);
            Ending.Check(options.End);
        } catch (FormatException wrong) {
            Output.WriteLine("Hello: " + wrong.Message);
            return 2;
        }
        Greet(options);
        if (options.Echo)
            Output.WriteLine("\nechoed " + Copy(Console.OpenStandardInput(), Output.BaseStream) +
                             " bytes");
        if (!Work.Run(options.Threads, options.Mebibytes))
            return 1;
        Output.WriteLine("ending by " + options.End);
        return Ending.Run(options.End, options.Code);
    }

    private static void Greet(Options options)
    {
        Output.WriteLine("Hello from .NET " + Environment.Version + ", " + IntPtr.Size * 8 + " bits");
        for (int i = 0; i < options.Arguments.Count; i++)
            Output.WriteLine("argument " + (i + 1) + ": " + options.Arguments[i]);
    }

    private static long Copy(Stream from, Stream to)
    {
        byte[] buffer = new byte[16384];
        long copied = 0;
        for (int count; (count = from.Read(buffer, 0, buffer.Length)) > 0; copied += count)
            to.Write(buffer, 0, count);
        return copied;
    }
}
