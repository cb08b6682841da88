// Exits.cs: ends in the way that its first argument says. Each way but a return leaves Main for good.

using System;
using System.Runtime.InteropServices;
using System.Threading;

static class Exits
{
    const int TakenOver = 77; // returned if the program has not ended before, as it should have

    [DllImport("kernel32.dll")]
    static extern void ExitProcess(uint code);

    [DllImport("kernel32.dll")]
    static extern bool TerminateProcess(IntPtr process, uint code);

    [DllImport("kernel32.dll")]
    static extern IntPtr GetCurrentProcess();

    static int Main(string[] arguments)
    {
        string way = arguments[0];

        Console.WriteLine("ending by " + way);
        switch (way) {
        case "return":
            return int.Parse(arguments[1]);
        case "exit":
            Environment.Exit(int.Parse(arguments[1]));
            break;
        case "exit-code":
            AppDomain.CurrentDomain.ProcessExit += delegate {
                Console.WriteLine("ProcessExit was raised");
            };
            Environment.ExitCode = int.Parse(arguments[1]);
            return EndOfMain();
        case "unhandled":
            throw new InvalidOperationException("nobody handles this");
        case "unhandled-thread":
            RunThread(delegate { throw new InvalidOperationException("nobody handles this"); });
            break;
        case "fail-fast":
            Environment.FailFast("this cannot go on");
            break;
        case "null-write":
            Marshal.WriteInt32(IntPtr.Zero, 1);
            break;
        case "native-exit":
            ExitProcess(uint.Parse(arguments[1]));
            break;
        case "native-terminate":
            TerminateProcess(GetCurrentProcess(), uint.Parse(arguments[1]));
            break;
        case "exit-from-thread":
            ExitWhileOthersAllocate(int.Parse(arguments[1]));
            break;
        case "wait":
            Wait(new ManualResetEvent(false));
            break;
        case "wait-once":
            TakeInterrupt();
            return int.Parse(arguments[1]);
        }
        return TakenOver;
    }

    // Returns what Main returns in a program whose Main is void.
    static int EndOfMain()
    {
        return Environment.ExitCode;
    }

    static void RunThread(ThreadStart work)
    {
        Thread thread = new Thread(work);

        thread.Start();
        thread.Join();
    }

    static void ExitWhileOthersAllocate(int code)
    {
        for (int i = 0; i < 3; i++)
            new Thread(AllocateForever) { IsBackground = true }.Start();
        Thread.Sleep(200);
        RunThread(delegate { Environment.Exit(code); });
    }

    static void AllocateForever()
    {
        object[] kept = new object[64];

        for (int i = 0;; i++)
            kept[i % kept.Length] = new byte[(i * 7919) % 200000];
    }

    static void TakeInterrupt()
    {
        ManualResetEvent interrupted = new ManualResetEvent(false);

        Console.CancelKeyPress += delegate(object sender, ConsoleCancelEventArgs e) {
            e.Cancel = true;
            interrupted.Set();
        };
        Wait(interrupted);
        Console.WriteLine("interrupted");
    }

    static void Wait(ManualResetEvent signal)
    {
        Console.WriteLine("waiting");
        signal.WaitOne();
    }
}
