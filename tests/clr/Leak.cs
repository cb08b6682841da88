// Leak.cs: leaks 20 MiB of native memory in each of the ways that managed programs do, in blocks of a size of
// their own for each way, and says so. It also frees as many blocks as it leaks: those are no leaks.

using System;
using System.Reflection;
using System.Runtime.InteropServices;

static class Leak
{
    const int Bytes = 20 << 20;

    [DllImport("msvcrt.dll", CallingConvention = CallingConvention.Cdecl)]
    static extern IntPtr malloc(UIntPtr size);

    [DllImport("msvcrt.dll", CallingConvention = CallingConvention.Cdecl)]
    static extern void free(IntPtr memory);

    [DllImport("kernel32.dll")]
    static extern IntPtr GetProcessHeap();

    [DllImport("kernel32.dll")]
    static extern IntPtr HeapAlloc(IntPtr heap, uint flags, UIntPtr size);

    [DllImport("kernel32.dll")]
    static extern bool HeapFree(IntPtr heap, uint flags, IntPtr memory);

    [DllImport("kernel32.dll")]
    static extern IntPtr VirtualAlloc(IntPtr address, UIntPtr size, uint type, uint protect);

    delegate IntPtr Allocate(int size);
    delegate void Release(IntPtr memory);

    static int Main()
    {
        By("AllocHGlobal", 500, size => Marshal.AllocHGlobal(size), Marshal.FreeHGlobal);
        By("StringToHGlobalUni", 700, size => Marshal.StringToHGlobalUni(Text(size / 2 - 1)), Marshal.FreeHGlobal);
        By("StringToHGlobalAnsi", 1000, size => Marshal.StringToHGlobalAnsi(Text(size - 1)), Marshal.FreeHGlobal);
        By("AllocCoTaskMem", 1400, size => Marshal.AllocCoTaskMem(size), Marshal.FreeCoTaskMem);
        By("StringToBSTR", 1900, size => Marshal.StringToBSTR(Text(size / 2)), Marshal.FreeBSTR);
        By("HeapAlloc", 2600, size => HeapAlloc(GetProcessHeap(), 0, (UIntPtr)size),
           memory => HeapFree(GetProcessHeap(), 0, memory));
        By("malloc", 3600, size => malloc((UIntPtr)size), free);
        By("NativeMemory", 5000, NativeAlloc, NativeFree);
        for (int i = 0; i < 20; i++)
            VirtualAlloc(IntPtr.Zero, (UIntPtr)(1 << 20), 0x3000, 4);
        Console.WriteLine("leaked by VirtualAlloc");
        return 0;
    }

    static string Text(int length)
    {
        return new string('x', length);
    }

    static void By(string name, int size, Allocate allocate, Release release)
    {
        for (int leaked = 0; leaked < Bytes; leaked += size)
        {
            allocate(size);
            release(allocate(size));
        }
        Console.WriteLine("leaked by " + name);
    }

    // The compiler's class library is older than NativeMemory.
    static readonly Type native = typeof(object).Assembly.GetType("System.Runtime.InteropServices.NativeMemory");
    static readonly MethodInfo nativeAlloc = native.GetMethod("Alloc", new[] { typeof(UIntPtr) });
    static readonly MethodInfo nativeFree = native.GetMethod("Free");

    static unsafe IntPtr NativeAlloc(int size)
    {
        return (IntPtr)Pointer.Unbox(nativeAlloc.Invoke(null, new object[] { (UIntPtr)(uint)size }));
    }

    static unsafe void NativeFree(IntPtr memory)
    {
        nativeFree.Invoke(null, new object[] { Pointer.Box((void*)memory, typeof(void*)) });
    }
}
