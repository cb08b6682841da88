// Stress.cs: asks for memory in every way that a program can, on many threads at once, and checks that
// what it wrote is what it reads.
//
// Usage: Stress [THREADS [ROUNDS]]. The checksum that it prints depends on these two alone. Returns 0,
// or 1 when a check failed.

using System;
using System.Collections.Generic;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using System.Threading;

sealed class Worker
{
    const int Slots = 256;
    const int LargeSlots = 4;
    const int PinnedSlots = 16;

    delegate int Function(int value);

    readonly Numbers numbers;
    readonly int number;
    readonly Block[] blocks = new Block[Slots];
    readonly Block[] large = new Block[LargeSlots];
    readonly List<GCHandle> pinned = new List<GCHandle>();
    readonly List<WeakReference> weak = new List<WeakReference>();

    public long Checksum;

    public Worker(int number)
    {
        this.number = number;
        numbers = new Numbers((uint)number);
    }

    public void Work(int rounds)
    {
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < 200; i++)
                Replace(blocks, SmallSize(), round);
            Replace(large, 85000 + numbers.Below(3 << 20), round);
            Pin(round);
            MakeFinalized();
            Link(round);
            if (round % 8 == 0)
                Checksum += MakeFunction(round)(number);
            if (round % 16 == 0)
                Checksum += MakeType(round);
            if (round % 32 == 31)
                GC.Collect(round / 32 % 3);
        }
        Finish();
    }

    // Mostly a few words, sometimes pages.
    int SmallSize()
    {
        int size = numbers.Below(100);

        return size < 90 ? size * 4 : size < 99 ? numbers.Below(8000) : numbers.Below(84000);
    }

    void Replace(Block[] place, int size, int seed)
    {
        int slot = numbers.Below(place.Length);

        if (place[slot] != null)
            Checksum += place[slot].Check();
        place[slot] = new Block(size, seed);
    }

    void Pin(int seed)
    {
        Block block = new Block(64 + numbers.Below(1000), seed);
        GCHandle handle = GCHandle.Alloc(block.Bytes, GCHandleType.Pinned);

        Marshal.WriteByte(handle.AddrOfPinnedObject(), (byte)seed);
        Checksum += block.Check();
        pinned.Add(handle);
        if (pinned.Count > PinnedSlots) {
            pinned[0].Free();
            pinned.RemoveAt(0);
        }
    }

    void MakeFinalized()
    {
        for (int i = 0; i < 20; i++)
            weak.Add(new WeakReference(new Finalized()));
        if (weak.Count > 1000)
            weak.Clear();
    }

    // Many small objects that hold each other, and die together.
    void Link(int seed)
    {
        Dictionary<string, LinkedList<int>> lists = new Dictionary<string, LinkedList<int>>();

        for (int i = 0; i < 50; i++) {
            string name = "list " + (i * 7 + seed) % 20;

            if (!lists.ContainsKey(name))
                lists[name] = new LinkedList<int>();
            lists[name].AddLast(i);
        }
        foreach (LinkedList<int> list in lists.Values)
            Checksum += list.Count * list.First.Value;
    }

    static Function MakeFunction(int factor)
    {
        DynamicMethod method = new DynamicMethod("Multiply", typeof(int), new[] { typeof(int) });

        EmitProduct(method.GetILGenerator(), OpCodes.Ldarg_0, factor);
        return (Function)method.CreateDelegate(typeof(Function));
    }

    // A type in an assembly that the garbage collector may unload.
    int MakeType(int factor)
    {
        AssemblyName name = new AssemblyName("Made" + number + "x" + factor);
        AssemblyBuilder assembly =
            AssemblyBuilder.DefineDynamicAssembly(name, AssemblyBuilderAccess.RunAndCollect);
        TypeBuilder type = assembly.DefineDynamicModule(name.Name).DefineType("Maker");
        MethodBuilder method =
            type.DefineMethod("Multiply", MethodAttributes.Public | MethodAttributes.Static,
                              typeof(int), new[] { typeof(int) });

        EmitProduct(method.GetILGenerator(), OpCodes.Ldarg_0, factor);
        return (int)type.CreateTypeInfo().GetMethod("Multiply").Invoke(null, new object[] { number });
    }

    static void EmitProduct(ILGenerator code, OpCode argument, int factor)
    {
        code.Emit(argument);
        code.Emit(OpCodes.Ldc_I4, factor);
        code.Emit(OpCodes.Mul);
        code.Emit(OpCodes.Ret);
    }

    void Finish()
    {
        foreach (Block block in blocks)
            if (block != null)
                Checksum += block.Check();
        foreach (Block block in large)
            if (block != null)
                Checksum += block.Check();
        foreach (GCHandle handle in pinned)
            handle.Free();
        pinned.Clear();
        weak.Clear();
    }
}

static class Stress
{
    static int Main(string[] arguments)
    {
        int threads = arguments.Length > 0 ? int.Parse(arguments[0]) : 8;
        int rounds = arguments.Length > 1 ? int.Parse(arguments[1]) : 200;

        Console.WriteLine("checksum {0}", Run(threads, rounds));
        Finalized.Check();
        Console.WriteLine("finalizers ran");
        return Failures.Any ? 1 : 0;
    }

    static long Run(int threads, int rounds)
    {
        Worker[] workers = new Worker[threads];
        Thread[] running = new Thread[threads];
        long checksum = 0;

        for (int i = 0; i < threads; i++) {
            Worker worker = new Worker(i + 1);

            workers[i] = worker;
            running[i] = new Thread(() => worker.Work(rounds));
            running[i].Start();
        }
        foreach (Thread thread in running)
            thread.Join();
        foreach (Worker worker in workers)
            checksum = unchecked(checksum * 31 + worker.Checksum);
        return checksum;
    }
}
