// Collector.cs THREADS ROUNDS: gives the collector work from several threads at once: small objects that die
// soon, trees that live for a while, arrays on the large object heap. Prints whether this is the server
// collector, and a checksum that depends on the arguments alone. Fails if the collector had no work.

using System;
using System.Runtime;
using System.Threading;

sealed class Node
{
    public readonly Node Left, Right;
    public readonly byte[] Payload;

    public Node(int depth, int size)
    {
        Payload = new byte[size];
        Payload[size - 1] = (byte)depth;
        if (depth > 0) {
            Left = new Node(depth - 1, size);
            Right = new Node(depth - 1, size);
        }
    }

    public int Sum()
    {
        return Payload[Payload.Length - 1] + (Left == null ? 0 : Left.Sum() + Right.Sum());
    }
}

static class Collector
{
    const int Kept = 64, Depth = 9, LargeKept = 8;

    static long Work(uint seed, int rounds)
    {
        Node[] kept = new Node[Kept];
        byte[][] large = new byte[LargeKept][];
        uint random = seed * 2654435761u + 1;
        long sum = 0;

        for (int round = 0; round < rounds; round++) {
            random = random * 1664525u + 1013904223u;
            Node node = new Node(Depth, 16 + (int)(random >> 24));
            int slot = (int)(random >> 8 & Kept - 1);

            sum += node.Sum();
            if (round % 4 == 0) {
                sum += kept[slot] == null ? 0 : kept[slot].Sum();
                kept[slot] = node;
            }
            if (round % 16 == 0) {
                large[round / 16 % LargeKept] = new byte[100000 + (random >> 12)];
                large[round / 16 % LargeKept][round] = 1;
                foreach (byte[] bytes in large)
                    sum += bytes == null ? 0 : bytes.Length;
            }
        }
        return sum;
    }

    static int Main(string[] arguments)
    {
        int threads = int.Parse(arguments[0]), rounds = int.Parse(arguments[1]);
        Thread[] running = new Thread[threads];
        long[] sums = new long[threads];
        long sum = 0;

        for (int i = 0; i < threads; i++) {
            int number = i;

            running[i] = new Thread(() => sums[number] = Work((uint)number + 1, rounds));
            running[i].Start();
        }
        for (int i = 0; i < threads; i++) {
            running[i].Join();
            sum = unchecked(sum * 31 + sums[i]);
        }
        Console.WriteLine("server {0}, checksum {1}", GCSettings.IsServerGC, sum);
        return GCSettings.IsServerGC && GC.CollectionCount(0) > 10 && GC.CollectionCount(2) > 0 ? 0 : 1;
    }
}
