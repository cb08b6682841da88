/*
 * program.c: decides whether a runtime of this bitness can run this file.
 */
#include "run/launch/program.h"

#include "base/architecture.h"
#include "base/exit_code.h"
#include "base/path.h"
#include "run/launch/result_text.h"
#include "base/wide.h"
#include "run/launch/program_file.h"

/* Both flags together mean "any processor, preferably 32 bits" (ECMA-335 and its amendments). */
#define CLI_32_BIT_REQUIRED 0x00000002u
#define CLI_32_BIT_PREFERRED 0x00020000u

/* 64, 32, or 0 for a program that runs in either. */
static int bits_needed(const struct pe_headers *pe)
{
    if (pe->is_64_bit)
        return 64;
    if (!(pe->cli_flags & COMIMAGE_FLAGS_ILONLY))
        return 32;
    if ((pe->cli_flags & CLI_32_BIT_REQUIRED) && !(pe->cli_flags & CLI_32_BIT_PREFERRED))
        return 32;
    return 0;
}

static int check_bits(const struct pe_headers *pe, const char *name)
{
    int bits = bits_needed(pe);

    if (pe->is_64_bit && pe->machine != IMAGE_FILE_MACHINE_AMD64)
        return fail(EXIT_CODE_BITNESS, "%s is for another processor (machine 0x%04x).", name,
                    pe->machine);
    if (bits && bits != ARCHITECTURE_BITS)
        return fail(EXIT_CODE_BITNESS,
                    "%s is a %d-bit program and this is the %d-bit hostmem-run: use the other one.",
                    name, bits, ARCHITECTURE_BITS);
    return GO_ON;
}

static int unreadable(const char *name)
{
    DWORD error = GetLastError();

    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
        return fail(EXIT_CODE_PROGRAM_MISSING, "there is no program %s.", name);
    return fail(EXIT_CODE_PROGRAM_MISSING, "%s cannot be read (Windows error %lu).", name, error);
}

int program_read_headers(const wchar_t *path, const char *name, struct pe_headers *pe)
{
    switch (program_file_headers(path, pe)) {
    case PROGRAM_FILE_UNREADABLE:
        return unreadable(name);
    case PROGRAM_FILE_NOT_PE:
        return fail(EXIT_CODE_NOT_MANAGED, "%s is not a program: it has no PE header.", name);
    default:
        break;
    }
    if (!pe->is_whole)
        return fail(EXIT_CODE_NOT_MANAGED, "%s is not a program: its end is missing.", name);
    return GO_ON;
}

static int check(struct program *program, const char *name)
{
    struct pe_headers pe;
    int code = program_read_headers(program->path, name, &pe);

    if (code != GO_ON)
        return code;
    if (!pe.is_managed)
        return fail(EXIT_CODE_NOT_MANAGED, "%s is not a .NET program: it has no CLI header.", name);
    program_file_metadata(program->path, &pe, &program->metadata);
    return check_bits(&pe, name);
}

wchar_t *program_companion(const struct program *program, const wchar_t *extension)
{
    wchar_t *path = wide_concatenate(program->path, L"", L"");
    wchar_t *dot = wcsrchr(path_file_name(path), L'.');

    if (dot)
        *dot = L'\0';
    return wide_concatenate(path, extension, L"");
}

/*
 * What is built as NAME.exe for .NET is often an apphost: a native program that runs the NAME.dll
 * beside it. Then the NAME.dll is the program.
 */
static void look_behind_apphost(struct program *program)
{
    size_t length = wcslen(program->path);
    const wchar_t *behind;
    struct pe_headers pe;

    if (length < 4 || _wcsicmp(program->path + length - 4, L".exe") != 0 ||
        program_file_headers(program->path, &pe) != PROGRAM_FILE_PE || pe.is_managed)
        return;
    behind = program_companion(program, L".dll");
    if (program_file_headers(behind, &pe) == PROGRAM_FILE_PE && pe.is_managed)
        program->path = behind;
}

int program_open(struct program *program, const wchar_t *name, int argument_count,
                 wchar_t **arguments)
{
    program->path = path_full(name);
    look_behind_apphost(program);
    program->directory = path_directory(program->path);
    program->path_utf8 = utf8_from_wide(program->path);
    program->argument_count = argument_count;
    program->arguments = arguments;
    return check(program, utf8_from_wide(name));
}

int program_not_run(const struct program *program, HRESULT result)
{
    return fail(EXIT_CODE_NOT_RUN, "the runtime could not run %s (0x%08lx).%s", program->path_utf8,
                (unsigned long)result, result_text(result));
}
