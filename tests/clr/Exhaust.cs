// Exhaust SIZE ROUNDS: allocates arrays of SIZE bytes until memory runs out, lets them go, and
// checks that it still works correctly; ROUNDS times. It asks for no collection: the runtime must
// find the garbage by itself. Prints the same whatever the limit, and ends with exit code 7.

using System;
using System.Collections.Generic;

static class Exhaust
{
    const int Words = 20000;

    static int Main(string[] arguments)
    {
        int size = int.Parse(arguments[0]);
        int rounds = int.Parse(arguments[1]);

        for (int round = 1; round <= rounds; round++)
        {
            Console.WriteLine("round {0}: {1}", round, Fill(size));
            Console.WriteLine("round {0}: {1}", round, Work(round));
        }
        Console.WriteLine("done");
        return 7;
    }

    static string Fill(int size)
    {
        var arrays = new List<byte[]>();

        try
        {
            for (;;)
            {
                var array = new byte[size];

                array[size / 2] = (byte)arrays.Count;
                arrays.Add(array);
            }
        }
        catch (OutOfMemoryException)
        {
            return AreWhole(arrays, size) ? "out of memory, all arrays whole" : "damaged";
        }
    }

    static bool AreWhole(List<byte[]> arrays, int size)
    {
        for (int i = 0; i < arrays.Count; i++)
            if (arrays[i][size / 2] != (byte)i)
                return false;
        return arrays.Count > 0;
    }

    static string Work(int round)
    {
        var words = new SortedDictionary<string, int>(StringComparer.Ordinal);
        ulong checksum = 0;

        for (int i = 0; i < Words; i++)
            words["word " + (i * 7919 + round) % 20011] = i;
        foreach (var word in words)
            checksum = checksum * 31 + (ulong)(word.Value ^ word.Key.Length);
        return words.Count + " words, checksum " + checksum;
    }
}
