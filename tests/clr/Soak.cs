// Soak.cs: every kind of work that uses a runtime's memory, on many threads at once, for a given
// time.
//
// Usage: Soak MINUTES [THREADS [SEED]]           for so long, by default with 16 threads
//        Soak --rounds ROUNDS [THREADS [SEED]]   so much work
//
// Every minute it reports its progress on stderr; at the end it prints on stdout what has been
// done. The checksum depends on the rounds, the threads and the seed alone. Returns 0, or 1 when
// anything was not as it must be.

using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;

// The private committed memory of the whole process, as Windows counts it.
static class Committed
{
    const uint Commit = 0x1000;
    const uint Private = 0x20000;

    [StructLayout(LayoutKind.Sequential)]
    struct Information
    {
        public IntPtr BaseAddress;
        public IntPtr AllocationBase;
        public IntPtr AllocationProtect; // a DWORD, and on x64 what fills it up
        public UIntPtr RegionSize;
        public uint State;
        public uint Protect;
        public uint Type;
    }

    [DllImport("kernel32.dll")]
    static extern UIntPtr VirtualQuery(UIntPtr address, out Information information, UIntPtr size);

    public static long Bytes()
    {
        UIntPtr size = (UIntPtr)Marshal.SizeOf(typeof(Information));
        Information information;
        ulong address = 0;
        long bytes = 0;

        while (VirtualQuery((UIntPtr)address, out information, size) != UIntPtr.Zero) {
            if (information.State == Commit && information.Type == Private)
                bytes += (long)information.RegionSize;
            address += (ulong)information.RegionSize;
            if (IntPtr.Size == 4 && address > uint.MaxValue)
                break;
        }
        return bytes;
    }
}

static class Soak
{
    const long MostLeft = 64 << 20;

    static SoakWorker[] workers;
    static int roundsEach = int.MaxValue;
    static volatile bool ended;

    static int Main(string[] arguments)
    {
        bool byRounds = arguments.Length > 0 && arguments[0] == "--rounds";
        int first = byRounds ? 1 : 0;
        int length = Argument(arguments, first, 1);
        int threads = Argument(arguments, first + 1, 16);
        int seed = Argument(arguments, first + 2, 1);

        if (byRounds)
            roundsEach = length;
        Run(byRounds ? int.MaxValue : length, threads, seed);
        Tell(threads, seed);
        CheckWhatIsLeft();
        return Failures.Any ? 1 : 0;
    }

    static int Argument(string[] arguments, int at, int otherwise)
    {
        return arguments.Length > at ? int.Parse(arguments[at]) : otherwise;
    }

    static void Run(int minutes, int threads, int seed)
    {
        Thread[] running = new Thread[threads];

        workers = new SoakWorker[threads];
        for (int i = 0; i < threads; i++) {
            SoakWorker worker = new SoakWorker(seed, i + 1);

            workers[i] = worker;
            running[i] = new Thread(() => Work(worker));
            running[i].Start();
        }
        Watch(running, minutes);
        foreach (Thread thread in running)
            thread.Join();
        Exchange.Clear();
    }

    // After a failure every thread stops.
    static void Work(SoakWorker worker)
    {
        try {
            while (!ended && !Failures.Any && worker.Rounds < roundsEach)
                worker.Round();
            worker.Finish();
        } catch (Exception exception) {
            Failures.Add(exception.ToString());
        }
    }

    // Waits until the time is over, or all threads have ended by themselves.
    static void Watch(Thread[] running, int minutes)
    {
        Stopwatch watch = Stopwatch.StartNew();

        for (int minute = 1; minute <= minutes; minute++) {
            foreach (Thread thread in running)
                thread.Join(Math.Max(0, (int)(minute * 60000L - watch.ElapsedMilliseconds)));
            if (Array.TrueForAll(running, thread => !thread.IsAlive))
                return;
            TellMinute(minute);
        }
        ended = true;
    }

    static void TellMinute(int minute)
    {
        Console.Error.WriteLine("minute {0}: {1} rounds, collections {2} {3} {4}, {5} KiB managed, " +
                                "{6} KiB committed in the process, {7} failures", minute,
                                Rounds(), GC.CollectionCount(0), GC.CollectionCount(1),
                                GC.CollectionCount(2), GC.GetTotalMemory(false) >> 10,
                                Committed.Bytes() >> 10, Failures.Count);
    }

    static long Rounds()
    {
        long rounds = 0;

        foreach (SoakWorker worker in workers)
            rounds += worker.Rounds;
        return rounds;
    }

    static void Tell(int threads, int seed)
    {
        long checksum = 0;

        foreach (SoakWorker worker in workers)
            checksum = unchecked(checksum * 31 + worker.Checksum);
        Console.WriteLine("{0} threads, seed {1}: {2} rounds", threads, seed, Rounds());
        Console.WriteLine("collections {0} {1} {2}", GC.CollectionCount(0), GC.CollectionCount(1),
                          GC.CollectionCount(2));
        Console.WriteLine("checksum {0}", checksum);
    }

    // No thread holds anything any more.
    static void CheckWhatIsLeft()
    {
        workers = null;
        Finalized.Check();
        GC.Collect();

        long left = GC.GetTotalMemory(true);

        Console.WriteLine("{0} of {1} finalizers ran; {2} KiB are left", Finalized.Done,
                          Finalized.Made, left >> 10);
        Failures.Unless(left < MostLeft, "too much is left");
        Console.WriteLine(Failures.Any ? "FAILED" : "all was as it must be");
    }
}
