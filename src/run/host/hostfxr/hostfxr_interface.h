/*
 * hostfxr_interface.h: what hostfxr.dll exports, and what it uses of coreclr.dll.
 *
 * Source: the headers and design documents published with .NET's host ("Native hosting",
 * hostfxr.h, error_codes.h, coreclrhost.h). Where they name no calling convention, it is C's.
 */
#ifndef HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_INTERFACE_H
#define HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_INTERFACE_H

#include <windows.h>

#include <stddef.h>
#include <stdint.h>

/* All versions. Runs a program as the command line of the running executable would. */
typedef int(__cdecl *hostfxr_main_function)(int argc, const wchar_t **argv);

/* 2.1 and later: the same, as if the executable host_path were running. */
typedef int(__cdecl *hostfxr_main_startupinfo_function)(int argc, const wchar_t **argv,
                                                        const wchar_t *host_path,
                                                        const wchar_t *dotnet_root,
                                                        const wchar_t *app_path);

struct hostfxr_initialize_parameters {
    size_t size;
    const wchar_t *host_path;
    const wchar_t *dotnet_root;
};

/* 3.0 and later. argv begins behind the name of the command. */
typedef int32_t(__cdecl *hostfxr_initialize_function)(
    int argc, const wchar_t **argv, const struct hostfxr_initialize_parameters *parameters,
    void **handle);
typedef int32_t(__cdecl *hostfxr_run_app_function)(void *handle);
typedef int32_t(__cdecl *hostfxr_close_function)(void *handle);

/* What these return when they ran no program: the values that hostmem-run distinguishes. */
enum hostfxr_status {
    HOSTFXR_SUCCESS = 0,
    HOSTFXR_NO_HOSTPOLICY = (int32_t)0x80008083, /* 2.0: the framework that holds it is not there */
    HOSTFXR_INVALID_CONFIG_FILE = (int32_t)0x80008093,
    HOSTFXR_FRAMEWORK_MISSING = (int32_t)0x80008096
};

/* coreclr.dll's, which hostpolicy.dll looks up by GetProcAddress. */
typedef int(WINAPI *coreclr_initialize_function)(const char *host_path, const char *domain_name,
                                                 int property_count, const char **names,
                                                 const char **values, void **handle,
                                                 unsigned int *domain);
typedef int(WINAPI *coreclr_execute_assembly_function)(void *handle, unsigned int domain, int argc,
                                                       const char **argv, const char *assembly,
                                                       unsigned int *exit_code);

#endif
