/*
 * framework_error.c: sorts the HRESULTs with which the run of a program can fail.
 */
#include "run/host/framework/framework_error.h"

#include "base/exit_code.h"
#include "run/launch/result_text.h"
#include "base/wide.h"

#include <oleauto.h>

#include <corerror.h>

/* An assembly that cannot be loaded, or that has no Main. */
static bool is_not_run(HRESULT result)
{
    switch ((DWORD)result) {
    case 0x80070002: /* file not found */
    case 0x80070003: /* path not found */
    case 0x8007000b: /* COR_E_BADIMAGEFORMAT */
    case 0x80131018: /* COR_E_ASSEMBLYEXPECTED */
    case 0x8013101b: /* COR_E_NEWER_RUNTIME */
    case 0x80131040: /* FUSION_E_REF_DEF_MISMATCH */
    case 0x80131044: /* FUSION_E_PRIVATE_ASM_DISALLOWED */
    case 0x80131047: /* FUSION_E_INVALID_NAME */
    case 0x80131621: /* COR_E_FILELOAD */
        return true;
    default:
        return false;
    }
}

/* The type or method does not exist. */
static bool is_not_found(HRESULT result)
{
    switch ((DWORD)result) {
    case 0x80131512: /* COR_E_MISSINGMEMBER */
    case 0x80131513: /* COR_E_MISSINGMETHOD */
    case 0x80131522: /* COR_E_TYPELOAD */
        return true;
    default:
        return false;
    }
}

/* The first line of the exception's message; NULL: the runtime left none. */
static const char *exception_text(void)
{
    IErrorInfo *error = NULL;
    BSTR description = NULL;
    wchar_t *text;

    if (GetErrorInfo(0, &error) != S_OK || !error)
        return NULL;
    if (FAILED(error->lpVtbl->GetDescription(error, &description)) || !description)
        return NULL;
    text = wide_concatenate(description, L"", L"");
    text[wcscspn(text, L"\r\n")] = L'\0';
    return *text ? utf8_from_wide(text) : NULL;
}

static int threw(const struct launch *launch, HRESULT result, DWORD *exit_code)
{
    const struct ending ending = {.kind = ENDING_UNHANDLED_EXCEPTION,
                                  .has_exit_code = true,
                                  .exit_code = EXIT_CODE_UNHANDLED};
    const char *text = exception_text();

    *exit_code = EXIT_CODE_UNHANDLED;
    fail(EXIT_CODE_UNHANDLED, "%s did not handle an exception (0x%08lx)%s%s",
         launch->program.path_utf8, (unsigned long)result, text ? ": " : ".",
         text ? text : result_text(result));
    launch->program_ended(&ending);
    return GO_ON;
}

int framework_error_of_main(const struct launch *launch, HRESULT result, DWORD *exit_code)
{
    return is_not_run(result) ? program_not_run(&launch->program, result)
                              : threw(launch, result, exit_code);
}

int framework_error_of_call(const struct launch *launch, HRESULT result, DWORD *exit_code)
{
    const struct arguments *arguments = launch->arguments;

    if (is_not_found(result))
        return fail(EXIT_CODE_NO_METHOD, "%s has no method static int %s(string) in a type %s.",
                    launch->program.path_utf8, utf8_from_wide(arguments->call_method),
                    utf8_from_wide(arguments->call_type));
    return framework_error_of_main(launch, result, exit_code);
}
