/*
 * corpus.h: the first inputs of the fuzz targets: sequences of operations that chance would take
 * long to find.
 */
#ifndef HOSTMEM_TESTS_CORPUS_H
#define HOSTMEM_TESTS_CORPUS_H

#include <stddef.h>

struct seed {
    const char *name;
    const void *operations;
    size_t size; /* in bytes */
};

struct corpus {
    const char *name; /* of the target */
    const struct seed *seeds;
    size_t count;
};

/* NULL: there is no such target. */
const struct corpus *corpus_of(const char *name);

#endif
