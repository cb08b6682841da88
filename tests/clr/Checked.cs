// Checked.cs: the parts of the programs that strain their memory: repeatable random numbers, blocks
// that can be checked for damage, objects that count their finalizers, and a count of failures.
// Compiled into each of those programs.

using System;
using System.Threading;

// A repeatable sequence of numbers (xorshift), each thread its own.
sealed class Numbers
{
    uint state;

    public Numbers(uint seed)
    {
        state = seed * 2654435769u + 1;
    }

    public int Below(int limit)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return (int)(state % (uint)limit);
    }
}

// Memory filled with a pattern, which shows later whether it is unchanged.
sealed class Block
{
    readonly byte[] bytes;
    readonly byte seed;

    public Block(int size, int seed)
    {
        bytes = new byte[size];
        this.seed = (byte)seed;
        for (int i = 0; i < size; i += Step(size))
            bytes[i] = (byte)(i + seed);
    }

    public byte[] Bytes
    {
        get { return bytes; }
    }

    public int Check()
    {
        for (int i = 0; i < bytes.Length; i += Step(bytes.Length))
            if (bytes[i] != (byte)(i + seed))
                Failures.Add("a block of " + bytes.Length + " bytes was overwritten at " + i);
        return bytes.Length + seed;
    }

    // The distance of the bytes that carry the pattern: every byte of a small block, some bytes in
    // each page of a large one.
    static int Step(int size)
    {
        return size < 4096 ? 1 : 509;
    }
}

sealed class Finalized
{
    public static long Made;
    public static long Done;

    readonly byte[] ballast = new byte[200];

    public Finalized()
    {
        Interlocked.Increment(ref Made);
        ballast[0] = 1;
    }

    ~Finalized()
    {
        Interlocked.Add(ref Done, ballast[0]);
    }

    // All but the few that a stack or a register may still refer to.
    public static void Check()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();

        long made = Interlocked.Read(ref Made);
        long done = Interlocked.Read(ref Done);

        if (done > made || done < made / 2)
            Failures.Add(done + " of " + made + " objects were finalized");
    }
}

static class Failures
{
    const int MostTold = 20;

    static int count;

    public static int Count
    {
        get { return Volatile.Read(ref count); }
    }

    public static bool Any
    {
        get { return Count > 0; }
    }

    public static void Add(string what)
    {
        if (Interlocked.Increment(ref count) <= MostTold)
            Console.WriteLine("FAILED: " + what);
    }

    public static void Unless(bool holds, string what)
    {
        if (!holds)
            Add(what);
    }
}
