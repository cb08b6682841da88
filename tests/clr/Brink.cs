// Brink MEBIBYTES SECONDS: takes that much memory, and then works for at least that time, and at least 2,000
// rounds, with little more.

using System;
using System.Diagnostics;
using System.Threading;

static class Brink
{
    static int Main(string[] arguments)
    {
        var held = new byte[int.Parse(arguments[0]) * 16][];
        var time = TimeSpan.FromSeconds(int.Parse(arguments[1]));
        ulong checksum = 0;

        for (int i = 0; i < held.Length; i++)
            held[i] = new byte[65536 - 64];
        var clock = Stopwatch.StartNew();
        for (int round = 0; round < 2000 || clock.Elapsed < time; round++)
        {
            for (int i = 0; i < 100; i++)
                checksum += (ulong)new byte[1000 + i].Length;
            Thread.Sleep(1);
        }
        GC.KeepAlive(held);
        Console.WriteLine(checksum > 0 ? "done" : "nothing");
        return 0;
    }
}
