// The ways in which Hello can end.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Hostmem.Hello;

internal static class Ending
{
    // How much memory the ending oom takes where nothing limits it, and how long sleep takes where
    // nobody ends it.
    private const int MostMebibytes = 2048;
    private const int MostSeconds = 300;

    private static readonly Dictionary<string, Func<int, int>> ways = new() {
        ["return"] = code => code,
        ["exit"] = Exit,
        ["exit-thread"] = ExitFromThread,
        ["throw"] = code => throw new InvalidOperationException("Nobody handles this."),
        ["throw-thread"] = ThrowInThread,
        ["failfast"] = FailFast,
        ["overflow"] = code => Recurse(code + 1),
        ["kill"] = Kill,
        ["native-exit"] = NativeExit,
        ["terminate"] = Terminate,
        ["sleep"] = Sleep,
        ["interrupt"] = WaitForInterrupt,
        ["oom"] = RunOut,
        ["oom-caught"] = RunOutAndCatch,
    };

    [DllImport("kernel32.dll")]
    private static extern void ExitProcess(uint code);

    [DllImport("kernel32.dll")]
    private static extern bool TerminateProcess(IntPtr process, uint code);

    [DllImport("kernel32.dll")]
    private static extern IntPtr GetCurrentProcess();

    // Throws a FormatException if there is no such way.
    public static void Check(string how)
    {
        if (!ways.ContainsKey(how))
            throw new FormatException("--end needs one of " + string.Join(", ", ways.Keys) +
                                      ", not " + how);
    }

    public static int Run(string how, int code)
    {
        return ways[how](code);
    }

    private static int Exit(int code)
    {
        Environment.Exit(code);
        return 1;
    }

    private static int ExitFromThread(int code)
    {
        var thread = new Thread(() => Environment.Exit(code));
        thread.Start();
        Thread.Sleep(MostSeconds * 1000);
        return 1;
    }

    private static int ThrowInThread(int code)
    {
        var thread = new Thread(() => throw new InvalidOperationException("Nobody handles this."));
        thread.Start();
        Thread.Sleep(MostSeconds * 1000);
        return 1;
    }

    private static int FailFast(int code)
    {
        Environment.FailFast("This program fails fast.");
        return 1;
    }

    // A frame so large that its code touches the stack below before it takes it. Where small frames
    // use the stack up, Wine 8 leaves the runtime too little of it to end the process.
    [InlineArray(128 * 1024)]
    private struct Frame
    {
        private byte first;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private static int Recurse(int depth)
    {
        var frame = new Frame();
        frame[depth % 1024] = (byte)depth;
        return Recurse(depth + 1) + frame[depth % 512];
    }

    private static int Kill(int code)
    {
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(MostSeconds * 1000);
        return 1;
    }

    private static int NativeExit(int code)
    {
        ExitProcess((uint)code);
        return 1;
    }

    private static int Terminate(int code)
    {
        TerminateProcess(GetCurrentProcess(), (uint)code);
        return 1;
    }

    // To be ended by somebody else.
    private static int Sleep(int code)
    {
        Thread.Sleep(MostSeconds * 1000);
        return code;
    }

    // Takes the first Ctrl+C or Ctrl+Break, and goes on.
    private static int WaitForInterrupt(int code)
    {
        using var interrupted = new ManualResetEventSlim();
        Console.CancelKeyPress += (sender, pressed) => {
            pressed.Cancel = true;
            interrupted.Set();
        };
        Program.Output.WriteLine("waiting for an interrupt");
        bool came = interrupted.Wait(MostSeconds * 1000);
        Program.Output.WriteLine(came ? "interrupted" : "not interrupted");
        return came ? code : 1;
    }

    private static int RunOut(int code)
    {
        GC.KeepAlive(TakeAll());
        Program.Output.WriteLine("did not run out of " + MostMebibytes + " MiB");
        return 1;
    }

    private static int RunOutAndCatch(int code)
    {
        try {
            return RunOut(code);
        } catch (OutOfMemoryException) {
        }
        Program.Output.WriteLine("ran out of memory, and goes on");
        return code;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<byte[]> TakeAll()
    {
        var taken = new List<byte[]>(MostMebibytes);
        for (int i = 0; i < MostMebibytes; i++) {
            byte[] block = new byte[1 << 20];
            Array.Fill(block, (byte)i);
            taken.Add(block);
        }
        return taken;
    }
}
