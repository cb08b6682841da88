// Variable.cs: prints the value of an environment variable, or that it is not set.

using System;

static class Variable
{
    static int Main(string[] arguments)
    {
        Console.WriteLine(Environment.GetEnvironmentVariable(arguments[0]) ?? "not set");
        return 0;
    }
}
