// Starter.cs: starts the program that its first argument names with the other arguments, which have
// no spaces, and returns its exit code.

using System;
using System.Diagnostics;

static class Starter
{
    static int Main(string[] arguments)
    {
        ProcessStartInfo start = new ProcessStartInfo(arguments[0]);

        start.Arguments = string.Join(" ", arguments, 1, arguments.Length - 1);
        start.UseShellExecute = false;
        using (Process process = Process.Start(start)) {
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
