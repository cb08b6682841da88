// Whereabouts.cs: tells where the runtime has put things, one a line: a name, and an address in
// hexadecimal. The last line is the size of the garbage-collected heap, in bytes and decimal.

using System;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Collections.Generic;

struct Point
{
    public int X;
    public int Y;
}

class Thing
{
    public static readonly List<object> Kept = new List<object>();

    [MethodImpl(MethodImplOptions.NoInlining)]
    public virtual int Twice(int value)
    {
        return 2 * value;
    }
}

static unsafe class Whereabouts
{
    const byte JumpRelative = 0xE9;

    delegate int Function(int value);

    static int Main()
    {
        TellObjects();
        TellTypes();
        TellCode();
        Console.WriteLine("heap-bytes {0}", GC.GetTotalMemory(true));
        return 0;
    }

    static void Tell(string name, IntPtr address)
    {
        Console.WriteLine("{0} {1:x}", name, address.ToInt64());
    }

    static void TellObjects()
    {
        byte[] old = MakeArray(1000);

        GC.Collect();
        GC.Collect();
        TellArray("generation-" + GC.GetGeneration(old), old);
        TellArray("generation-0", MakeArray(1000));
        TellArray("large-object", MakeArray(1 << 20));
        TellArray("very-large-object", MakeArray(48 << 20));
    }

    // It lives until the program ends, so that its address is still in use when the report is made.
    static byte[] MakeArray(int size)
    {
        byte[] array = new byte[size];

        Thing.Kept.Add(array);
        return array;
    }

    static void TellArray(string name, byte[] array)
    {
        fixed (byte *first = array) {
            Tell(name + "-start", (IntPtr)first);
            Tell(name + "-end", (IntPtr)(first + array.Length - 1));
        }
    }

    static void TellTypes()
    {
        Tell("type-of-a-class", typeof(Thing).TypeHandle.Value);
        Tell("type-of-a-structure", typeof(Point).TypeHandle.Value);
        Tell("type-of-a-generic-class", typeof(Dictionary<Point, Thing>).TypeHandle.Value);
        Tell("type-of-an-array", typeof(Thing[]).TypeHandle.Value);
        Tell("type-of-a-static-class", typeof(Whereabouts).TypeHandle.Value);
    }

    static void TellCode()
    {
        RuntimeMethodHandle method = typeof(Thing).GetMethod("Twice").MethodHandle;
        Function dynamic = MakeDynamicFunction();
        IntPtr entry;

        RuntimeHelpers.PrepareMethod(method);
        if (new Thing().Twice(21) != 42 || dynamic(21) != 63)
            throw new InvalidOperationException("wrong code");
        entry = method.GetFunctionPointer();
        Tell("description-of-a-method", method.Value);
        Tell("entry-of-a-method", entry);
        Tell("code-of-a-method", FollowJumps(entry));
        Tell("thunk-of-a-delegate", Marshal.GetFunctionPointerForDelegate(dynamic));
        GC.KeepAlive(dynamic);
    }

    // The entry of a method that has been compiled is a jump to its code.
    static IntPtr FollowJumps(IntPtr entry)
    {
        byte *code = (byte *)entry;

        while (*code == JumpRelative)
            code += 5 + *(int *)(code + 1);
        return (IntPtr)code;
    }

    static Function MakeDynamicFunction()
    {
        DynamicMethod method = new DynamicMethod("Thrice", typeof(int), new[] { typeof(int) });
        ILGenerator code = method.GetILGenerator();

        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldc_I4_3);
        code.Emit(OpCodes.Mul);
        code.Emit(OpCodes.Ret);
        return (Function)method.CreateDelegate(typeof(Function));
    }
}
