// The work that Hello does. Its threads allocate small and large blocks, keep some, and drop the
// others. They check that what they kept is still what they wrote.

using System;
using System.Threading;

namespace Hostmem.Hello;

internal static class Work
{
    private const int Mebibyte = 1 << 20;
    private const int Kept = 64;

    private static int finalized;

    // Something that the collector must both move and finalize.
    private sealed class Guest
    {
        public readonly int Number;

        public Guest(int number)
        {
            Number = number;
        }

        ~Guest()
        {
            Interlocked.Increment(ref finalized);
        }
    }

    // Says what was done, and whether all of it was right.
    public static bool Run(int threads, int mebibytes)
    {
        int before = GC.CollectionCount(0);
        long[] sums = new long[threads];
        string?[] faults = new string?[threads];
        var workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            int index = i;
            workers[i] = new Thread(() => {
                faults[index] = Churn(index, (long)mebibytes * Mebibyte, out sums[index]);
            });
            workers[i].Start();
        }
        foreach (Thread worker in workers)
            worker.Join();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Tell(threads, mebibytes, sums, faults, GC.CollectionCount(0) - before);
    }

    private static bool Tell(int threads, int mebibytes, long[] sums, string?[] faults, int collections)
    {
        long sum = 0;
        bool right = true;
        for (int i = 0; i < threads; i++) {
            sum += sums[i];
            if (faults[i] != null) {
                Program.Output.WriteLine("thread " + i + ": " + faults[i]);
                right = false;
            }
        }
        if (collections < 2 || (threads > 0 && mebibytes > 0 && Volatile.Read(ref finalized) == 0)) {
            Program.Output.WriteLine(collections + " collections, " + finalized + " objects finalized");
            right = false;
        }
        Program.Output.WriteLine(threads + " threads allocated " + mebibytes + " MiB each, sum " + sum +
            (right ? ", all right" : ", not right"));
        return right;
    }

    // Returns what is wrong, or null. The same index and amount give the same sum.
    private static string? Churn(int index, long amount, out long sum)
    {
        byte[]?[] kept = new byte[]?[Kept];
        byte[] marks = new byte[Kept];
        Guest? guest = null;
        sum = 0;
        uint random = (uint)index * 2654435761u + 1;
        for (long done = 0; done < amount;) {
            random = random * 1664525u + 1013904223u;
            int slot = (int)(random >> 26);
            int size = SizeFrom(random);
            if (!IsWhole(kept[slot], marks[slot]))
                return "a block in slot " + slot + " has changed";
            marks[slot] = (byte)(random >> 8);
            kept[slot] = new byte[size];
            Array.Fill(kept[slot]!, marks[slot]);
            guest = new Guest((guest?.Number ?? 0) + 1);
            sum += (long)marks[slot] * size + guest.Number;
            done += size;
        }
        for (int slot = 0; slot < Kept; slot++) {
            if (!IsWhole(kept[slot], marks[slot]))
                return "at the end, a block in slot " + slot + " has changed";
        }
        return null;
    }

    // One block in some hundred is a large object.
    private static int SizeFrom(uint random)
    {
        uint choice = (random >> 12) % 128;
        if (choice == 0)
            return 100000 + (int)(random >> 16);
        return 24 + (int)((random >> 16) % (16u << (int)(choice % 9)));
    }

    private static bool IsWhole(byte[]? block, byte mark)
    {
        return block == null || block.AsSpan().IndexOfAnyExcept(mark) < 0;
    }
}
