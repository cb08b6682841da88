// Cache STEPS: computes values from keys, and keeps them behind weak references. The values used
// last are also referenced from elsewhere; all others live until the collector takes them. Prints a
// checksum, which does not depend on when that is, and the numbers of collections, which do.

using System;

static class Cache
{
    const int Keys = 20000;
    const int Size = 8000;
    const int InUse = 2500;
    const int Drafts = 30; // memory that computing a value takes, and that is garbage at once

    static readonly WeakReference[] values = new WeakReference[Keys];

    static int Main(string[] arguments)
    {
        int steps = int.Parse(arguments[0]);
        var inUse = new byte[InUse][];
        uint random = 12345;
        ulong checksum = 0;

        for (int step = 0; step < steps; step++)
        {
            random = random * 1103515245u + 12345u;
            byte[] value = Get((int)((random >> 8) % Keys));
            inUse[step % InUse] = value;
            checksum = checksum * 31 + value[step % Size];
        }
        Console.WriteLine("checksum {0}", checksum);
        Console.WriteLine("collections {0} {1} {2}", GC.CollectionCount(0), GC.CollectionCount(1),
                          GC.CollectionCount(2));
        return 0;
    }

    static byte[] Get(int key)
    {
        if (values[key] == null)
            values[key] = new WeakReference(null);
        var value = (byte[])values[key].Target;
        if (value == null)
        {
            value = Compute(key);
            values[key].Target = value;
        }
        return value;
    }

    static byte[] Compute(int key)
    {
        var draft = new byte[Size];

        draft[0] = (byte)key;
        draft[Size / 2] = (byte)(key >> 8);
        for (int i = 0; i < Drafts; i++)
        {
            var next = new byte[Size];

            for (int at = 0; at < Size; at += 97)
                next[at] = (byte)(draft[(at * 7 + i) % Size] * 31 + at + key);
            next[Size / 2] = (byte)(draft[Size / 2] + i);
            draft = next;
        }
        return draft;
    }
}
