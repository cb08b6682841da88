// Framework.cs: for .NET Framework: an ordinary Main, an exception, an exit, and a method to call.

using System;
using System.Collections.Generic;

static class Framework
{
    static int Main(string[] arguments)
    {
        if (arguments.Length > 0 && arguments[0] == "throw")
            throw new InvalidOperationException("thrown by Main");
        if (arguments.Length > 0 && arguments[0] == "exit")
            Environment.Exit(9);
        Live();
        Console.WriteLine("lived");
        return 0;
    }

    static int Length(string text)
    {
        return text.Length;
    }

    static void Live()
    {
        var kept = new List<byte[]>();

        for (int i = 0; i < 20000; i++)
        {
            kept.Add(new byte[i % 2000]);
            if (i % 3 == 0)
                kept[i / 2] = null;
        }
        GC.Collect();
        GC.KeepAlive(kept);
    }
}
