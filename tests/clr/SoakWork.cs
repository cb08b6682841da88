// SoakWork.cs: what one thread of Soak does, round by round. Each kind of work knows what its
// result must be, and reports any other result.

using System;
using System.Collections.Generic;
using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

// A binary tree whose sum follows from its first number and its depth alone.
sealed class Tree
{
    readonly int value;
    Tree left;
    Tree right;

    public Tree(int value, int depth)
    {
        this.value = value;
        if (depth == 0)
            return;
        left = new Tree(value + 1, depth - 1);
        right = new Tree(value + 2, depth - 1);
    }

    public long Sum()
    {
        return left == null ? value : value + left.Sum() + right.Sum();
    }

    // Replaces the subtree that the bits of the path lead to: old objects then refer to new ones.
    public void Renew(int path, int depth, int height)
    {
        if (depth > 1)
            ((path & 1) == 0 ? left : right).Renew(path >> 1, depth - 1, height - 1);
        else if ((path & 1) == 0)
            left = new Tree(value + 1, height - 1);
        else
            right = new Tree(value + 2, height - 1);
    }
}

sealed class PlannedException : Exception
{
    public readonly int Value;

    public PlannedException(int value)
    {
        Value = value;
    }
}

// Blocks that threads hand each other: one thread makes and fills a block, another checks it.
static class Exchange
{
    static readonly Block[] places = new Block[64];

    public static void Put(Block block, int place)
    {
        Block taken = Interlocked.Exchange(ref places[place % places.Length], block);

        if (taken != null)
            taken.Check();
    }

    public static void Clear()
    {
        for (int i = 0; i < places.Length; i++)
            Put(null, i);
    }
}

sealed class SoakWorker
{
    const int SmallBlocks = 512;
    const int LargeBlocks = 4;
    const int PinnedBlocks = 32;
    const int NativeBlocks = 32;
    const int KeptObjects = 64;
    const int TreeHeight = 12;
    const int RoundsPerCheck = 32;

    delegate int Function(int value);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    delegate int Comparison(IntPtr left, IntPtr right);

    [DllImport("msvcrt.dll", CallingConvention = CallingConvention.Cdecl)]
    static extern void qsort(int[] values, UIntPtr count, UIntPtr size, Comparison comparison);

    [ThreadStatic]
    static Block ofThisThread;

    readonly Numbers numbers;
    readonly int number;
    readonly Block[] small = new Block[SmallBlocks];
    readonly Block[] large = new Block[LargeBlocks];
    readonly Block[] pinned = new Block[PinnedBlocks];
    readonly GCHandle[] pins = new GCHandle[PinnedBlocks];
    readonly IntPtr[] native = new IntPtr[NativeBlocks];
    readonly byte[][] copies = new byte[NativeBlocks][];
    readonly object[] kept = new object[KeptObjects];
    readonly WeakReference[] weak = new WeakReference[KeptObjects];
    readonly ConditionalWeakTable<object, Block> attached = new ConditionalWeakTable<object, Block>();
    readonly Tree tree;
    readonly long treeSum;
    int unwound;

    public long Checksum;
    public int Rounds;

    public SoakWorker(int seed, int number)
    {
        this.number = number;
        numbers = new Numbers((uint)(seed * 1000 + number));
        tree = new Tree(number, TreeHeight);
        treeSum = tree.Sum();
    }

    public void Round()
    {
        int round = Rounds;

        for (int i = 0; i < 100; i++)
            Replace(small, SmallSize(), round);
        Replace(large, 85000 + numbers.Below(2 << 20), round);
        Pin(round);
        CopyToNative(round);
        Exchange.Put(new Block(SmallSize(), round), numbers.Below(1 << 20));
        Keep(round);
        Fields(round);
        Collections(round);
        OneOfEight(round);
        if (round % RoundsPerCheck == number % RoundsPerCheck)
            CheckAll();
        if (round % 64 == number * 4 % 64)
            GC.Collect(round / 64 % 3);
        Rounds = round + 1;
    }

    // Work that takes long or leaves much garbage: one kind in each round, by the round's number.
    void OneOfEight(int round)
    {
        switch (round % 8) {
        case 0:
            Expect(MakeFunction(round)(number), unchecked(number * round), "a dynamic method");
            break;
        case 1:
            Expect(MakeType(round), unchecked(number * round), "a dynamic type");
            break;
        case 2:
            Expect(MakeExpression(round)(number), unchecked(number * round), "an expression");
            break;
        case 3:
            MatchExpression(round);
            break;
        case 4:
            Throw(round);
            break;
        case 5:
            StartThread(round);
            break;
        case 6:
            SortByNativeCode(round);
            break;
        case 7:
            RunTasks(round);
            break;
        }
    }

    void Expect(long found, long mustBe, string what)
    {
        if (found != mustBe)
            Failures.Add(what + " gave " + found + " and not " + mustBe + " (thread " + number +
                         ", round " + Rounds + ")");
        Checksum = unchecked(Checksum * 31 + mustBe);
    }

    // --------------------------------------------------------------------------------------------
    // Objects of every kind
    // --------------------------------------------------------------------------------------------

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

    // The collector must not move a pinned block: it is read through its address.
    void Pin(int round)
    {
        int slot = round % PinnedBlocks;

        if (pinned[slot] != null) {
            Expect(Marshal.ReadByte(pins[slot].AddrOfPinnedObject()), pinned[slot].Bytes[0],
                   "a pinned block, by its address,");
            Checksum += pinned[slot].Check();
            pins[slot].Free();
        }
        pinned[slot] = new Block(64 + numbers.Below(4000), round);
        pins[slot] = GCHandle.Alloc(pinned[slot].Bytes, GCHandleType.Pinned);
    }

    // A kept object is found by its weak reference, with what is attached to it; those that are not
    // kept are finalized.
    void Keep(int round)
    {
        int slot = round % KeptObjects;
        Block block;

        if (kept[slot] != null) {
            Failures.Unless(weak[slot].Target == kept[slot], "a weak reference lost a live object");
            Failures.Unless(attached.TryGetValue(kept[slot], out block), "an attachment is gone");
            if (block != null)
                Checksum += block.Check();
        }
        kept[slot] = new object();
        weak[slot] = new WeakReference(kept[slot]);
        attached.Add(kept[slot], new Block(SmallSize(), round));
        for (int i = 0; i < 20; i++)
            new Finalized();
    }

    void Fields(int round)
    {
        StringBuilder text = new StringBuilder();
        long sum = 0;

        for (int i = 0; i < 100; i++)
            text.Append(i + round).Append(';');
        foreach (string field in text.ToString().Split(new[] { ';' },
                                                       StringSplitOptions.RemoveEmptyEntries))
            sum += int.Parse(field);
        Expect(sum, 100L * round + 4950, "a text");
    }

    void Collections(int round)
    {
        Dictionary<string, LinkedList<int>> lists = new Dictionary<string, LinkedList<int>>();
        SortedDictionary<int, string> sorted = new SortedDictionary<int, string>();
        long sum = 0;
        int last = -1;

        for (int i = 0; i < 60; i++) {
            string name = "list " + (i * 7 + round % 100) % 20;

            if (!lists.ContainsKey(name))
                lists[name] = new LinkedList<int>();
            lists[name].AddLast(i);
            sorted[i * 7919 % 61] = name;
        }
        foreach (LinkedList<int> list in lists.Values)
            foreach (int value in list)
                sum += value;
        foreach (int key in sorted.Keys) {
            Failures.Unless(key > last, "a sorted dictionary is out of order");
            last = key;
        }
        Expect(sum * 100 + sorted.Count, 1770 * 100 + 60, "collections");
    }

    void CheckAll()
    {
        foreach (Block[] blocks in new[] { small, large, pinned })
            foreach (Block block in blocks)
                if (block != null)
                    Checksum += block.Check();
        tree.Renew(numbers.Below(16), 4, TreeHeight);
        Expect(tree.Sum(), treeSum, "a tree");
    }

    // --------------------------------------------------------------------------------------------
    // Code that is made while the program runs
    // --------------------------------------------------------------------------------------------

    static Function MakeFunction(int factor)
    {
        DynamicMethod method = new DynamicMethod("Multiply", typeof(int), new[] { typeof(int) });

        EmitProduct(method.GetILGenerator(), factor);
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

        EmitProduct(method.GetILGenerator(), factor);
        return (int)type.CreateTypeInfo().GetMethod("Multiply").Invoke(null, new object[] { number });
    }

    static void EmitProduct(ILGenerator code, int factor)
    {
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldc_I4, factor);
        code.Emit(OpCodes.Mul);
        code.Emit(OpCodes.Ret);
    }

    static Func<int, int> MakeExpression(int factor)
    {
        ParameterExpression value = Expression.Parameter(typeof(int), "value");

        return Expression.Lambda<Func<int, int>>(
            Expression.Multiply(value, Expression.Constant(factor)), value).Compile();
    }

    void MatchExpression(int round)
    {
        Regex expression = new Regex("^([a-z]+)-([0-9]+)-" + round % 97 + "$", RegexOptions.Compiled);
        Match match = expression.Match("word-" + round + "-" + round % 97);

        Expect(match.Success ? int.Parse(match.Groups[2].Value) : -1, round, "a regular expression");
    }

    // --------------------------------------------------------------------------------------------
    // Exceptions, threads, native code
    // --------------------------------------------------------------------------------------------

    // One exception that the program throws, and one that the processor raises.
    void Throw(int round)
    {
        int depth = 1 + numbers.Below(30);
        string nothing = null;
        int caught = 0;

        unwound = 0;
        try {
            Descend(depth, round);
        } catch (PlannedException exception) {
            caught = exception.Value;
        }
        Expect(caught, round, "an exception");
        Expect(unwound, depth, "its way up");
        try {
            caught = nothing.Length;
        } catch (NullReferenceException) {
            caught = -1;
        }
        Expect(caught, -1, "a null reference");
    }

    void Descend(int depth, int value)
    {
        Block block = new Block(depth * 10, value);

        try {
            if (depth == 1)
                throw new PlannedException(value);
            Descend(depth - 1, value);
        } finally {
            block.Check();
            unwound++;
        }
    }

    void StartThread(int round)
    {
        int sum = 0;
        Thread thread = new Thread(() => {
            ofThisThread = new Block(1000, round);
            for (int i = 0; i < 100; i++)
                Exchange.Put(new Block(i * 8, round), i);
            sum = ofThisThread.Check();
        });

        thread.Start();
        thread.Join();
        Expect(sum, 1000 + (byte)round, "another thread");
    }

    void RunTasks(int round)
    {
        Task<int>[] tasks = new Task<int>[4];
        int sum = 0;

        for (int i = 0; i < tasks.Length; i++) {
            int size = 500 * (i + 1);

            tasks[i] = Task.Factory.StartNew(() => new Block(size, round).Check());
        }
        foreach (Task<int> task in tasks)
            sum += task.Result;
        Expect(sum, 5000 + 4 * (byte)round, "tasks");
    }

    void CopyToNative(int round)
    {
        int slot = round % NativeBlocks;
        string word = "word " + round;
        IntPtr text = Marshal.StringToHGlobalUni(word);

        Failures.Unless(Marshal.PtrToStringUni(text) == word, "a native text is another");
        Marshal.FreeHGlobal(text);
        FreeNative(slot);
        copies[slot] = new Block(SmallSize() + 1, round).Bytes;
        native[slot] = Marshal.AllocHGlobal(copies[slot].Length);
        Marshal.Copy(copies[slot], 0, native[slot], copies[slot].Length);
    }

    void FreeNative(int slot)
    {
        if (native[slot] == IntPtr.Zero)
            return;

        byte[] bytes = new byte[copies[slot].Length];

        Marshal.Copy(native[slot], bytes, 0, bytes.Length);
        for (int i = 0; i < bytes.Length; i++)
            Failures.Unless(bytes[i] == copies[slot][i], "native memory differs from its copy");
        Marshal.FreeHGlobal(native[slot]);
        native[slot] = IntPtr.Zero;
    }

    // Native code that calls back into code that allocates.
    void SortByNativeCode(int round)
    {
        int[] values = new int[64];
        int last = -1;

        for (int i = 0; i < values.Length; i++)
            values[i] = (i * 37 + round % 64) % 64;
        qsort(values, (UIntPtr)values.Length, (UIntPtr)sizeof(int),
              (left, right) => new[] { Marshal.ReadInt32(left) - Marshal.ReadInt32(right) }[0]);
        foreach (int value in values)
            Expect(value, ++last, "a value sorted by native code");
    }

    // Checks and lets go of all that it holds.
    public void Finish()
    {
        CheckAll();
        for (int slot = 0; slot < NativeBlocks; slot++)
            FreeNative(slot);
        for (int slot = 0; slot < PinnedBlocks; slot++)
            if (pinned[slot] != null)
                pins[slot].Free();
    }
}
