// Limits WORK MIB [STEPS]: work that a collector must do within a limit. MIB is how much the work keeps
// alive, or how much it needs at its worst. It prints the same in each run in which nothing fails that
// should not, whatever the runtime and the limit are.
//
//   churn    replaces arrays of many sizes by chance; every array is checked before it goes
//   cache    values behind weak references; what is taken away is computed again
//   catch    takes memory until there is none, catches the exception, drops all and works; three times
//   list     one list that grows, and so one large array after another
//   threads  eight threads, each takes memory until there is none, catches, drops and goes on
//   latency  garbage in the collector's low-latency modes, with next to nothing alive
//   gate     MemoryFailPoint lets through what fits, and nothing else
//   hello    nothing
//   types    STEPS generic types, each with code of its own
//
// With the variable LIMITS_FACTS set, it tells on stderr what the collector says of itself at the end.

using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;

static class Limits
{
    const int Mebibyte = 1 << 20;

    static int Main(string[] arguments)
    {
        string work = arguments[0];
        int mebibytes = int.Parse(arguments[1]);
        int steps = arguments.Length > 2 ? int.Parse(arguments[2]) : 0;
        int code = Do(work, mebibytes, steps);

        if (Environment.GetEnvironmentVariable("LIMITS_FACTS") != null)
            Facts.Tell();
        return code;
    }

    static int Do(string work, int mebibytes, int steps)
    {
        switch (work)
        {
            case "churn": return Churn.Run(mebibytes, steps);
            case "cache": return Cached.Run(mebibytes, steps);
            case "catch": return Catch.Run(mebibytes);
            case "list": return Growing.Run(mebibytes);
            case "threads": return Crowd.Run(mebibytes);
            case "latency": return Latency.Run(mebibytes);
            case "gate": return Gate.Run(mebibytes);
            case "types": return Types.Run(steps);
            case "hello": Console.WriteLine("hello"); return 0;
            default: Console.WriteLine("there is no work " + work); return 2;
        }
    }

    public static uint Next(ref uint random)
    {
        random = random * 1664525u + 1013904223u;
        return random >> 8;
    }

    public static void Fill(byte[] array, byte mark)
    {
        for (int at = 0; at < array.Length; at += 61)
            array[at] = (byte)(mark + at);
        array[array.Length - 1] = mark;
    }

    public static bool IsWhole(byte[] array, byte mark)
    {
        for (int at = 0; at < array.Length - 1; at += 61)
        {
            if (array[at] != (byte)(mark + at))
                return false;
        }
        return array[array.Length - 1] == mark;
    }
}

static class Churn
{
    const int Slots = 2048;

    // From 200 bytes to 200,000: the mean is MIB divided by the slots.
    static int SizeFrom(uint random, int mean)
    {
        switch (random % 8)
        {
            case 0: return mean * 5;
            case 1: return mean * 2;
            default: return mean / 6 + 16;
        }
    }

    public static int Run(int mebibytes, int steps)
    {
        var kept = new byte[Slots][];
        var marks = new byte[Slots];
        int mean = (int)((long)mebibytes * 1048576 / Slots);
        uint random = 7;
        ulong sum = 0;

        for (int step = 0; step < (steps == 0 ? 20000 : steps); step++)
        {
            int slot = step < Slots ? step : (int)(Limits.Next(ref random) % Slots);
            if (kept[slot] != null && !Limits.IsWhole(kept[slot], marks[slot]))
            {
                Console.WriteLine("step " + step + ": an array has changed");
                return 1;
            }
            kept[slot] = null;
            marks[slot] = (byte)Limits.Next(ref random);
            kept[slot] = new byte[SizeFrom(Limits.Next(ref random), mean)];
            Limits.Fill(kept[slot], marks[slot]);
            sum = sum * 31 + (ulong)kept[slot].Length + marks[slot];
        }
        Console.WriteLine("churn: all whole, sum " + sum);
        GC.KeepAlive(kept);
        return 0;
    }
}

static class Cached
{
    const int Size = 8000;

    public static int Run(int mebibytes, int steps)
    {
        int keys = mebibytes * 250;
        var values = new WeakReference[keys];
        var inUse = new byte[mebibytes * 128][]; // about all of MIB
        uint random = 12345;
        ulong sum = 0;

        for (int step = 0; step < (steps == 0 ? 30000 : steps); step++)
        {
            int key = (int)(Limits.Next(ref random) % (uint)keys);
            byte[] value = values[key] == null ? null : (byte[])values[key].Target;
            if (value == null)
            {
                value = new byte[Size];
                for (int draft = 0; draft < 3; draft++)
                {
                    var other = new byte[Size];
                    Limits.Fill(other, (byte)(key + draft));
                    value = other;
                }
                values[key] = new WeakReference(value);
            }
            if (!Limits.IsWhole(value, (byte)(key + 2)))
            {
                Console.WriteLine("step " + step + ": a value has changed");
                return 1;
            }
            inUse[step % inUse.Length] = value;
            sum = sum * 31 + value[step % Size];
        }
        Console.WriteLine("cache: all right, sum " + sum);
        return 0;
    }
}

static class Catch
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    static bool RunsOut(int mebibytes, int size)
    {
        var all = new List<byte[]>(65536);

        try
        {
            for (long taken = 0; taken < (long)mebibytes * 1048576; taken += size)
            {
                all.Add(new byte[size]);
                Limits.Fill(all[all.Count - 1], (byte)all.Count);
            }
        }
        catch (OutOfMemoryException)
        {
            for (int i = 0; i < all.Count; i++)
            {
                if (!Limits.IsWhole(all[i], (byte)(i + 1)))
                    return false;
            }
            return true;
        }
        return false;
    }

    static ulong Work(int round)
    {
        var words = new Dictionary<string, int>();
        ulong sum = 0;

        for (int i = 0; i < 5000; i++)
            words["word" + (i * 7919 + round) % 20000] = i;
        foreach (KeyValuePair<string, int> word in words)
            sum += (ulong)(word.Key.Length * word.Value);
        return sum;
    }

    // mebibytes: more than the limit.
    public static int Run(int mebibytes)
    {
        int[] sizes = { 65536, 1000, 300000 };

        for (int round = 1; round <= 3; round++)
        {
            if (!RunsOut(mebibytes, sizes[round - 1]))
            {
                Console.WriteLine("round " + round + ": not out of memory");
                return 1;
            }
            Console.WriteLine("round " + round + ": out of memory, " + Work(round));
        }
        return 0;
    }
}

static class Growing
{
    // The last growth needs MIB: the old array and the new one, twice as long.
    public static int Run(int mebibytes)
    {
        ulong sum = 0;

        for (int round = 0; round < 3; round++)
        {
            var list = new List<long>();
            long most = (long)mebibytes * 1048576 / 3 / 8 * 2;
            long capacity = 4;

            while (capacity * 2 <= most)
                capacity *= 2;
            for (long i = 0; i < capacity; i++)
                list.Add(i * 3 + round);
            for (int i = 0; i < list.Count; i += 97)
                sum = sum * 31 + (ulong)list[i];
        }
        Console.WriteLine("list: sum " + sum);
        return 0;
    }
}

static class Crowd
{
    const int Threads = 8, Rounds = 3;
    static int wrong, caught;

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Take(int index, int round, long most)
    {
        uint random = (uint)(index * 31 + round);
        byte[][] all = null;
        int count = 0;

        try
        {
            all = new byte[16384][];
            for (long taken = 0; taken < most; taken += all[count++].Length)
            {
                all[count] = new byte[1000 + Limits.Next(ref random) % 60000];
                Limits.Fill(all[count], (byte)count);
            }
        }
        catch (OutOfMemoryException)
        {
            Interlocked.Increment(ref caught);
        }
        for (int i = 0; i < count; i++)
        {
            if (!Limits.IsWhole(all[i], (byte)i))
                Interlocked.Increment(ref wrong);
        }
    }

    // mebibytes: more than the limit, for all threads together.
    public static int Run(int mebibytes)
    {
        var threads = new Thread[Threads];
        long most = (long)mebibytes * 1048576 / Threads;

        for (int i = 0; i < Threads; i++)
        {
            int index = i;
            threads[i] = new Thread(delegate() {
                for (int round = 0; round < Rounds; round++)
                    Take(index, round, most);
            }, 262144);
            threads[i].Start();
        }
        foreach (Thread thread in threads)
            thread.Join();
        Console.WriteLine("threads: " + (wrong == 0 ? "all whole" : wrong + " arrays have changed") +
                          (caught == 0 ? ", never out of memory" : ", out of memory"));
        return wrong == 0 ? 0 : 1;
    }
}

static class Latency
{
    static int Spend(GCLatencyMode mode, int mebibytes)
    {
        var kept = new byte[16][];
        int failed = 0;

        // Server GC has no LowLatency, a non-concurrent one no SustainedLowLatency: it stays as it was.
        GCSettings.LatencyMode = mode;
        for (int i = 0; i < mebibytes * 16; i++)
        {
            try
            {
                kept[i % 16] = new byte[65000];
            }
            catch (OutOfMemoryException)
            {
                failed++;
            }
        }
        GCSettings.LatencyMode = GCLatencyMode.Interactive;
        return failed;
    }

    // mebibytes: how much garbage.
    public static int Run(int mebibytes)
    {
        int low = Spend(GCLatencyMode.LowLatency, mebibytes);
        int sustained = Spend(GCLatencyMode.SustainedLowLatency, mebibytes);

        Console.WriteLine("latency: out of memory " + low + " and " + sustained + " times");
        return low + sustained == 0 ? 0 : 1;
    }
}

static class Gate
{
    static bool Passes(int mebibytes)
    {
        try
        {
            using (new MemoryFailPoint(mebibytes))
                return true;
        }
        catch (InsufficientMemoryException)
        {
            return false;
        }
    }

    // mebibytes: the limit.
    public static int Run(int mebibytes)
    {
        bool small = Passes(mebibytes / 4), large = Passes(mebibytes * 4);

        Console.WriteLine("gate: a quarter " + (small ? "passes" : "fails") + ", four times as much " +
                          (large ? "passes" : "fails"));
        return small && !large ? 0 : 1;
    }
}

static class Types
{
    class Pair<A, B>
    {
        public int Value(int x)
        {
            return x * typeof(A).Name.Length + typeof(B).Name.Length;
        }
    }

    // Types nested so deep that each is new.
    public static int Run(int steps)
    {
        Type type = typeof(int);
        long sum = 0;

        for (int i = 0; i < steps; i++)
        {
            type = typeof(Pair<,>).MakeGenericType(i % 16 == 0 ? typeof(long) : type,
                                                   i % 3 == 0 ? typeof(int[]) : typeof(short).MakeArrayType(1 + i % 30));
            object made = Activator.CreateInstance(type);
            sum += (int)type.GetMethod("Value").Invoke(made, new object[] { i });
        }
        Console.WriteLine("types: sum " + sum);
        return 0;
    }
}

static class Facts
{
    public static void Tell()
    {
        string text = "facts: collections " + GC.CollectionCount(0) + " " + GC.CollectionCount(1) + " " +
                      GC.CollectionCount(2);
        MethodInfo method = typeof(GC).GetMethod("GetGCMemoryInfo", Type.EmptyTypes);

        if (method != null)
        {
            object info = method.Invoke(null, null);
            foreach (string name in new[] { "TotalCommittedBytes", "HeapSizeBytes", "TotalAvailableMemoryBytes",
                                            "HighMemoryLoadThresholdBytes", "MemoryLoadBytes" })
            {
                PropertyInfo property = info.GetType().GetProperty(name);
                if (property != null)
                    text += " " + name + " " + property.GetValue(info, null);
            }
        }
        Console.Error.WriteLine(text);
    }
}
