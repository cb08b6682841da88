/*
 * assembly.c: mapping files, and telling the host of it.
 */
#include "assembly.h"

#include "host.h"

#include <string.h>

/* The view that stays. */
static void *loaded;

/* ------------------------------------------------------------------------------------------------
 * Views
 * --------------------------------------------------------------------------------------------- */

/* What belongs to a view, by a walk of Windows' own. */
static SIZE_T view_size(const char *base)
{
    MEMORY_BASIC_INFORMATION information;
    SIZE_T size = 0;

    while (VirtualQuery(base + size, &information, sizeof(information)) &&
           information.AllocationBase == base)
        size += information.RegionSize;
    return size;
}

/* If there is no room the host may make some, and it is tried once more. */
static void *map_view(HANDLE mapping, SIZE_T size, void *address)
{
    void *view = MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, size, address);

    if (!view && SUCCEEDED(host_needs_address_space(address, size)))
        view = MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, size, address);
    if (view)
        host_acquired_address_space(view, view_size(view));
    return view;
}

static void unmap_view(void *view)
{
    if (view && UnmapViewOfFile(view))
        host_released_address_space(view);
}

/* ------------------------------------------------------------------------------------------------
 * Files
 * --------------------------------------------------------------------------------------------- */

static HRESULT last_error(void)
{
    const DWORD error = GetLastError();

    return error ? HRESULT_FROM_WIN32(error) : E_OUTOFMEMORY;
}

struct file {
    HANDLE handle;
    SIZE_T size;
};

static HRESULT file_open(const wchar_t *path, struct file *file)
{
    LARGE_INTEGER size;
    HRESULT hr;

    file->handle = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                               OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file->handle == INVALID_HANDLE_VALUE) {
        hr = last_error();
        return hr == HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND) ? COR_E_FILENOTFOUND : hr;
    }
    if (!GetFileSizeEx(file->handle, &size) || size.QuadPart <= 0 || size.QuadPart > MAXLONG) {
        CloseHandle(file->handle);
        return COR_E_BADIMAGEFORMAT;
    }
    file->size = (SIZE_T)size.QuadPart;
    return S_OK;
}

static void map_as_image(const struct file *file)
{
    HANDLE mapping = CreateFileMappingW(file->handle, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL);

    if (!mapping) /* it is no image; a program of the stand-in need not be one */
        return;
    unmap_view(map_view(mapping, 0, NULL));
    CloseHandle(mapping);
}

static HRESULT map_flat(const struct file *file)
{
    HANDLE mapping = CreateFileMappingW(file->handle, NULL, PAGE_READONLY, 0, 0, NULL);
    HRESULT hr = S_OK;
    void *view;

    if (!mapping)
        return last_error();
    view = map_view(mapping, file->size, NULL);
    if (!view)
        hr = last_error();
    /* There is no room at the program's own address, whatever the host gives up. */
    unmap_view(map_view(mapping, file->size, GetModuleHandleW(NULL)));
    if (loaded)
        unmap_view(view);
    else
        loaded = view;
    CloseHandle(mapping);
    return hr;
}

HRESULT assembly_load(const wchar_t *path)
{
    struct file file;
    HRESULT hr = file_open(path, &file);

    if (hr != S_OK)
        return hr;
    hr = map_flat(&file);
    map_as_image(&file);
    CloseHandle(file.handle);
    return hr;
}

void assembly_unload(void)
{
    unmap_view(loaded);
    loaded = NULL;
}

HRESULT assembly_exists(const wchar_t *path)
{
    struct file file;
    HRESULT hr = file_open(path, &file);

    if (hr == S_OK)
        CloseHandle(file.handle);
    return hr;
}

/* ------------------------------------------------------------------------------------------------
 * Metadata
 * --------------------------------------------------------------------------------------------- */

/* ECMA-335, II.24.2.1: a signature, two versions, a reserved word, the length, and the text. */
static const char *find_version(const char *bytes, SIZE_T size)
{
    static const char signature[4] = {'B', 'S', 'J', 'B'};

    for (SIZE_T at = 0; at + 16 < size; at += 4)
        if (memcmp(bytes + at, signature, sizeof(signature)) == 0 && bytes[at + 16] == 'v')
            return bytes + at + 16;
    return NULL;
}

static HRESULT read_version(const char *bytes, SIZE_T size, wchar_t *version, DWORD length)
{
    const char *text = find_version(bytes, size);
    DWORD i = 0;

    if (!text)
        return COR_E_BADIMAGEFORMAT;
    while (i + 1 < length && text + i < bytes + size && text[i]) {
        version[i] = (wchar_t)(unsigned char)text[i];
        i++;
    }
    version[i] = L'\0';
    return S_OK;
}

HRESULT assembly_version(const wchar_t *path, wchar_t *version, DWORD length)
{
    struct file file;
    HRESULT hr = file_open(path, &file);
    HANDLE mapping;
    void *view;

    if (hr != S_OK)
        return hr;
    /* This is asked before there is a host. */
    mapping = CreateFileMappingW(file.handle, NULL, PAGE_READONLY, 0, 0, NULL);
    view = mapping ? MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0) : NULL;
    hr = view ? read_version(view, file.size, version, length) : last_error();
    if (view)
        UnmapViewOfFile(view);
    if (mapping)
        CloseHandle(mapping);
    CloseHandle(file.handle);
    return hr;
}
