/*
 * errors.h: what an HRESULT means, and which argument was wrong.
 *
 * hostmem.h includes this header, and says what holds for all structures (cbSize) and what
 * "suspension-safe" means.
 */
#ifndef HOSTMEM_ERRORS_H
#define HOSTMEM_ERRORS_H

#include <hostmem/clrhosting.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What was wrong with the arguments of a call. The texts are English, and last for ever. */
typedef struct HOSTMEM_ERROR_INFO {
    DWORD cbSize;            /* sizeof(HOSTMEM_ERROR_INFO) */
    DWORD Unused;            /* 0 */
    const char *pszFunction; /* such as "HostMemCreateManager" */
    const char *pszArgument; /* such as "HOSTMEM_OPTIONS.dwFlags" */
    const char *pszSentence; /* such as "has flags that this version does not know: Value" */
    ULONGLONG Value;         /* the argument's value; of flags, those that are wrong */
} HOSTMEM_ERROR_INFO;

/*
 * Which argument the calling thread's last call of hostmem that answered E_INVALIDARG was called
 * with and should not have been. Calls that succeed, or answer something else, change nothing.
 * Known of all functions of these headers but this one and HostMemReadBooks, which never answers
 * so; of calls that Win32 itself refuses, the argument that it most likely did not like.
 *   pInfo  in: cbSize; out: all else.
 * S_OK; S_FALSE and all members 0: there was no such call, or the process has no slot of
 * thread-local storage left in which hostmem could have kept it; E_POINTER; E_INVALIDARG (cbSize).
 * Keeps the last error. Any thread at any time; suspension-safe.
 */
HRESULT STDMETHODCALLTYPE HostMemGetErrorInfo(HOSTMEM_ERROR_INFO *pInfo);

/*
 * The name of an HRESULT and a sentence on it, in English: "HOST_E_INVALIDOPERATION: ...". NULL: it
 * is none that hostmem, or a runtime that it hosts, is known to answer. The text lasts as long as
 * the module is loaded. Any thread at any time; suspension-safe.
 */
const char *STDMETHODCALLTYPE HostMemErrorText(HRESULT hr);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
