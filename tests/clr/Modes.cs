// Modes THREADS ROUNDS: tells in which mode the collector works, and gives it work: small and large
// objects from several threads, and collections of every generation, some of them concurrent.
//
// The checksum depends on the threads and rounds alone. Returns 0, or 1 when a check failed.

using System;
using System.Runtime;
using System.Threading;

sealed class ModesWorker
{
    const int SmallBlocks = 2000;
    const int LargeBlocks = 6;

    readonly Numbers numbers;
    readonly Block[] small = new Block[SmallBlocks];
    readonly Block[] large = new Block[LargeBlocks];

    public long Checksum;

    public ModesWorker(int number)
    {
        numbers = new Numbers((uint)number);
    }

    public void Work(int rounds)
    {
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < 2000; i++)
                Replace(small, numbers.Below(400), round);
            for (int i = 0; i < 3; i++)
                Replace(large, 85000 + numbers.Below(1 << 20), round);
            if (round % 4 == 0)
                GC.Collect(round / 4 % 3);
        }
        Check(small);
        Check(large);
    }

    void Replace(Block[] place, int size, int seed)
    {
        int slot = numbers.Below(place.Length);

        if (place[slot] != null)
            Checksum += place[slot].Check();
        place[slot] = new Block(size, seed);
    }

    void Check(Block[] place)
    {
        foreach (Block block in place)
            if (block != null)
                Checksum += block.Check();
    }
}

static class Modes
{
    static int Main(string[] arguments)
    {
        int threads = int.Parse(arguments[0]);
        int rounds = int.Parse(arguments[1]);

        Console.WriteLine("server {0}", GCSettings.IsServerGC);
        Console.WriteLine("latency {0}", GCSettings.LatencyMode);
        Console.WriteLine("checksum {0}", Run(threads, rounds));
        Failures.Unless(GC.CollectionCount(2) >= rounds / 12, "there were too few full collections");
        return Failures.Any ? 1 : 0;
    }

    static long Run(int threads, int rounds)
    {
        ModesWorker[] workers = new ModesWorker[threads];
        Thread[] running = new Thread[threads];
        long checksum = 0;

        for (int i = 0; i < threads; i++) {
            ModesWorker worker = new ModesWorker(i + 1);

            workers[i] = worker;
            running[i] = new Thread(() => worker.Work(rounds));
            running[i].Start();
        }
        foreach (Thread thread in running)
            while (!thread.Join(20))
                GC.Collect(2, GCCollectionMode.Forced, false);
        foreach (ModesWorker worker in workers)
            checksum = unchecked(checksum * 31 + worker.Checksum);
        return checksum;
    }
}
