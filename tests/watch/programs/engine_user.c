/*
 * engine_user.c: loads engine.dll while it runs, and has it allocate 4 MiB.
 */
#include <windows.h>

typedef void *take_function(unsigned mebibytes);

int main(void)
{
    HMODULE engine = LoadLibraryW(L"engine.dll");
    take_function *take =
        engine ? (take_function *)(void (*)(void))GetProcAddress(engine, "engine_take") : NULL;

    return take && take(4) ? 4 : 1;
}
