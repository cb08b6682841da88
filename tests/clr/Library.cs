// Library.cs: a dependency of Net.cs.

public static class Library
{
    public static string Name()
    {
        return "found";
    }
}
