/*
 * result_text.c: see result_text.h.
 */
#include "run/launch/result_text.h"

#include "base/startup_alloc.h"

#include <hostmem/hostmem.h>

#include <stdio.h>
#include <string.h>

const char *result_text(HRESULT result)
{
    const char *text = HostMemErrorText(result);
    size_t size = text ? strlen(text) + 2 : 0;
    char *spaced;

    if (!text)
        return "";
    spaced = startup_alloc(size);
    snprintf(spaced, size, " %s", text);
    return spaced;
}
