// Demo.cs: something recognisable to do with memory. Several threads grow binary trees, each beside
// a large table; most are dropped as soon as they have been counted, every fourth is kept.
//
// Usage: Demo [THREADS [ROUNDS]]. What it prints depends on these two alone.

using System;
using System.Threading;

sealed class Tree
{
    readonly Tree left;
    readonly Tree right;
    readonly int value;

    public Tree(int depth, int value)
    {
        this.value = value;
        if (depth > 1) {
            left = new Tree(depth - 1, 2 * value);
            right = new Tree(depth - 1, 2 * value + 1);
        }
    }

    public long Sum()
    {
        return left == null ? value : value + left.Sum() + right.Sum();
    }
}

// A tree and its table: what one round makes.
sealed class Harvest
{
    public const int Depth = 15;
    public const int Nodes = (1 << Depth) - 1;
    public const int TableBytes = 4 << 20;

    readonly Tree tree;
    readonly byte[] table;

    public Harvest(int seed)
    {
        tree = new Tree(Depth, 1);
        table = new byte[TableBytes];
        for (int i = 0; i < table.Length; i++)
            table[i] = (byte)(i % 251 + seed);
    }

    public long Sum()
    {
        long sum = tree.Sum();

        foreach (byte value in table)
            sum += value;
        return sum;
    }
}

sealed class Gardener
{
    const int KeepEvery = 4;

    readonly int number;
    readonly Harvest[] kept;
    long total;

    public Gardener(int number, int rounds)
    {
        this.number = number;
        kept = new Harvest[rounds / KeepEvery];
    }

    public int Kept
    {
        get { return kept.Length; }
    }

    public void Work(int rounds)
    {
        for (int round = 0; round < rounds; round++) {
            Harvest harvest = new Harvest(number * 1000 + round);

            total += harvest.Sum();
            if (round % KeepEvery == KeepEvery - 1)
                kept[round / KeepEvery] = harvest;
        }
    }

    public void Tell(int rounds)
    {
        long sum = 0;

        foreach (Harvest harvest in kept)
            sum += harvest.Sum();
        Console.WriteLine("  thread {0}: grew {1} trees, sum {2}; kept {3}, sum {4}", number, rounds,
                          total, kept.Length, sum);
    }
}

static class Demo
{
    static void Main(string[] arguments)
    {
        int threads = arguments.Length > 0 ? int.Parse(arguments[0]) : 4;
        int rounds = arguments.Length > 1 ? int.Parse(arguments[1]) : 24;
        Gardener[] gardeners = new Gardener[threads];
        Thread[] running = new Thread[threads];

        Console.WriteLine("{0} threads grow {1} trees each: {2} nodes, and a table of {3} MiB", threads,
                          rounds, Harvest.Nodes, Harvest.TableBytes >> 20);
        for (int i = 0; i < threads; i++) {
            Gardener gardener = new Gardener(i + 1, rounds);

            gardeners[i] = gardener;
            running[i] = new Thread(() => gardener.Work(rounds));
            running[i].Start();
        }
        foreach (Thread thread in running)
            thread.Join();
        GC.Collect();
        Tell(gardeners, rounds);
    }

    static void Tell(Gardener[] gardeners, int rounds)
    {
        int kept = 0;

        foreach (Gardener gardener in gardeners) {
            gardener.Tell(rounds);
            kept += gardener.Kept;
        }
        Console.WriteLine("{0} of {1} trees are kept, with {2} MiB of tables", kept,
                          gardeners.Length * rounds, kept * (Harvest.TableBytes >> 20));
    }
}
