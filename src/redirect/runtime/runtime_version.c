/*
 * runtime_version.c: see runtime_version.h. ("VS_VERSIONINFO" and "VS_FIXEDFILEINFO" in the Windows
 * API reference; DotNetRuntimeInfo is the RuntimeInfo of runtimeinfo.h in dotnet/runtime.)
 */
#include "redirect/runtime/runtime_version.h"

#include "pe/loaded_image.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * The version resource of a coreclr.dll
 * --------------------------------------------------------------------------------------------- */

#define FIXED_AT 40u /* behind VS_VERSIONINFO's lengths, its key, and padding */
#define FIXED_SIGNATURE 0xFEEF04BDu

/* Files of .NET Core 2 have versions 4.6, of .NET Core 3 4.700; later ones that of the runtime. */
static unsigned major_of_file(DWORD version)
{
    if (HIWORD(version) != 4)
        return HIWORD(version);
    return LOWORD(version) == 6 ? 2 : 3;
}

static unsigned resource_major(HMODULE module)
{
    HRSRC found = FindResourceW(module, MAKEINTRESOURCEW(1), MAKEINTRESOURCEW(16)); /* RT_VERSION */
    HGLOBAL loaded = found ? LoadResource(module, found) : NULL;
    const char *bytes = loaded ? LockResource(loaded) : NULL;
    VS_FIXEDFILEINFO fixed;
    unsigned major;

    if (!bytes || SizeofResource(module, found) < FIXED_AT + sizeof(fixed))
        return RUNTIME_UNKNOWN;
    memcpy(&fixed, bytes + FIXED_AT, sizeof(fixed));
    major = fixed.dwSignature == FIXED_SIGNATURE ? major_of_file(fixed.dwFileVersionMS) : 0;
    return major ? major : RUNTIME_UNKNOWN;
}

/* ------------------------------------------------------------------------------------------------
 * What a single file exports
 * --------------------------------------------------------------------------------------------- */

struct runtime_info {
    char signature[18]; /* its own name */
    int version;        /* of this structure: from 2 on the last member is there */
    unsigned char indexes[3][24];
    unsigned runtime_version[4];
};

static const char info_name[] = "DotNetRuntimeInfo";

static unsigned exported_major(HMODULE module, const struct runtime_info *info)
{
    struct loaded_image image;
    size_t offset = (uintptr_t)info - (uintptr_t)module;

    if (!loaded_image_open(module, &image) || !loaded_image_at(&image, offset, sizeof(*info)) ||
        memcmp(info->signature, info_name, sizeof(info_name)) != 0 || info->version < 2 ||
        !info->runtime_version[0])
        return RUNTIME_UNKNOWN;
    return info->runtime_version[0];
}

/* ------------------------------------------------------------------------------------------------
 * Any module
 * --------------------------------------------------------------------------------------------- */

static void *export_of(HMODULE module, const char *name)
{
    return (void *)(uintptr_t)GetProcAddress(module, name);
}

static unsigned find_major(HMODULE module)
{
    const struct runtime_info *info = export_of(module, info_name);

    if (info)
        return exported_major(module, info);
    if (export_of(module, "coreclr_initialize") || export_of(module, "GetCLRRuntimeHost"))
        return resource_major(module);
    return export_of(module, "DotNetRuntimeDebugHeader") ? RUNTIME_UNKNOWN : RUNTIME_NONE;
}

unsigned runtime_version_major(HMODULE module)
{
    DWORD last_error = GetLastError();
    unsigned major = find_major(module);

    SetLastError(last_error);
    return major;
}
