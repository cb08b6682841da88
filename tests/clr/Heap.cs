// Heap.cs: calls HeapAlloc and HeapFree as coreclr.dll does, through its import table, and misuses what
// it got in the way that its first argument says.
//
//   hold COUNT SIZE    COUNT blocks of SIZE bytes live at the end
//   marshal COUNT SIZE the same by Marshal.AllocHGlobal, for which the runtime looks up LocalAlloc;
//                      as many more are made, resized and freed
//   damage COUNT       COUNT blocks are written to after they were freed, and later used again
//   beyond COUNT       behind COUNT blocks of 40 bytes a byte is written to; every other one is freed, and
//                      the others live at the end
//   fresh              prints the first byte of a new block, and whether its memory is used again late:
//                      on average of 9 blocks after at least 100 further frees, of at most 200
//   free-twice, free-inside, free-misaligned
//                      frees what must never reach Win32; prints whether that was refused
//   overrun SIZE       the byte behind a block of SIZE bytes is written to
//
// Returns 0, or 1 if the blocks are not what they should be.

using System;
using System.Runtime.InteropServices;

static unsafe class Heap
{
    const int HeaderOffsetAt = 0x3C;
    const int OptionalHeader = 24;
    const ushort Pe32Plus = 0x20B;
    const int ImportDirectory = 1;
    const int ImportDescriptor = 20;

    [UnmanagedFunctionPointer(CallingConvention.StdCall)]
    delegate byte *AllocFunction(IntPtr heap, uint flags, UIntPtr size);

    [UnmanagedFunctionPointer(CallingConvention.StdCall)]
    delegate int FreeFunction(IntPtr heap, uint flags, byte *block);

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode)]
    static extern byte *GetModuleHandleW(string name);

    [DllImport("kernel32.dll")]
    static extern IntPtr GetProcessHeap();

    static readonly IntPtr process = GetProcessHeap();
    static AllocFunction alloc;
    static FreeFunction free;

    static byte *Alloc(int size)
    {
        byte *block = alloc(process, 0, (UIntPtr)size);

        if (block == null)
            throw new OutOfMemoryException();
        return block;
    }

    static bool Free(byte *block)
    {
        return free(process, 0, block) != 0;
    }

    static int Main(string[] arguments)
    {
        int number = arguments.Length > 1 ? int.Parse(arguments[1]) : 0;

        alloc = Marshal.GetDelegateForFunctionPointer<AllocFunction>(FindImport("HeapAlloc"));
        free = Marshal.GetDelegateForFunctionPointer<FreeFunction>(FindImport("HeapFree"));
        switch (arguments[0]) {
        case "hold":
            return Hold(number, int.Parse(arguments[2]));
        case "marshal":
            return HoldGlobal(number, int.Parse(arguments[2]));
        case "damage":
            return Damage(number);
        case "beyond":
            return Beyond(number);
        case "fresh":
            return Fresh();
        case "free-twice":
            return FreeTwice();
        case "free-inside":
            return FreeInside(64);
        case "free-misaligned":
            return FreeInside(1);
        case "overrun":
            return Overrun(number);
        }
        return 2;
    }

    // The address in coreclr.dll's import table: the loader's, or that of a hook if coreclr.dll is
    // redirected.
    static IntPtr FindImport(string function)
    {
        byte *module = GetModuleHandleW("coreclr.dll");
        byte *optional = module + *(int *)(module + HeaderOffsetAt) + OptionalHeader;
        byte *directories = optional + (*(ushort *)optional == Pe32Plus ? 112 : 96);
        byte *descriptor = module + *(int *)(directories + 8 * ImportDirectory);

        for (; *(int *)(descriptor + 12) != 0; descriptor += ImportDescriptor) {
            IntPtr *names = (IntPtr *)(module + *(int *)descriptor);
            IntPtr *entries = (IntPtr *)(module + *(int *)(descriptor + 16));

            for (int i = 0; names[i] != IntPtr.Zero; i++)
                if (names[i].ToInt64() > 0 &&
                    Marshal.PtrToStringAnsi((IntPtr)(module + names[i].ToInt64() + 2)) == function)
                    return entries[i];
        }
        throw new InvalidOperationException("coreclr.dll does not import " + function);
    }

    static int Hold(int count, int size)
    {
        for (int i = 0; i < count; i++)
            Alloc(size)[size - 1] = 1;
        Console.WriteLine("{0} blocks are held", count);
        return 0;
    }

    static int HoldGlobal(int count, int size)
    {
        for (int i = 0; i < count; i++) {
            IntPtr passing = Marshal.AllocHGlobal(size);

            Marshal.WriteByte(Marshal.AllocHGlobal(size), size - 1, 1);
            Marshal.WriteByte(passing, size - 1, 5);
            passing = Marshal.ReAllocHGlobal(passing, (IntPtr)(8 * size));
            if (Marshal.ReadByte(passing, size - 1) != 5)
                return 1;
            Marshal.FreeHGlobal(passing);
        }
        Console.WriteLine("{0} blocks are held", count);
        return 0;
    }

    // Writes to the sixth byte of each block after freeing it. A freed block is used again only
    // when enough others have been freed.
    static int Damage(int count)
    {
        byte *[] blocks = new byte *[count];

        for (int i = 0; i < count; i++)
            blocks[i] = Alloc(40);
        foreach (byte *block in blocks) {
            Free(block);
            block[5] = 1;
        }
        for (int i = 0; i < 20000; i++)
            Free(Alloc(40));
        Console.WriteLine("{0} blocks are damaged", count);
        return 0;
    }

    static int Beyond(int count)
    {
        for (int i = 0; i < count; i++) {
            byte *block = Alloc(40);

            block[40] = 1;
            if (i % 2 == 0)
                Free(block);
        }
        Console.WriteLine("{0} blocks are written beyond", count);
        return 0;
    }

    static int Fresh()
    {
        int frees = 0;

        for (int round = 0; round < 9; round++) {
            byte *block = Alloc(40);
            int others = 0;

            if (round == 0)
                Console.WriteLine("first byte {0:x2}", *block);
            Free(block);
            for (byte *other = Alloc(40); other != block && others < 200; other = Alloc(40)) {
                Free(other);
                others++;
            }
            frees += others;
        }
        Console.WriteLine("used again {0}", frees >= 900 ? "late" : "early");
        return 0;
    }

    static int Tell(bool freed)
    {
        Console.WriteLine(freed ? "freed" : "refused");
        return freed ? 1 : 0;
    }

    static int FreeTwice()
    {
        byte *block = Alloc(40);

        return Free(block) ? Tell(Free(block)) : 1;
    }

    // The block is as it was, and can be freed.
    static int FreeInside(int offset)
    {
        byte *block = Alloc(256);
        int result;

        for (int i = 0; i < 256; i++)
            block[i] = (byte)i;
        result = Tell(Free(block + offset));
        for (int i = 0; i < 256; i++)
            if (block[i] != (byte)i)
                result = 1;
        return Free(block) ? result : 1;
    }

    static int Overrun(int size)
    {
        byte *block = Alloc(size);

        block[size - 1] = 1;
        Console.WriteLine("writing behind a block");
        block[size] = 1;
        Console.WriteLine("nothing stopped it");
        return Free(block) ? 0 : 1;
    }
}
