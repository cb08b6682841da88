/*
 * make_corpus.c: writes a fuzz target's corpus, each sequence into a file. The same each time.
 *
 * Usage: make_corpus ledger|heap|budget DIRECTORY
 */
#include <stdio.h>

#include "corpus.h"

static int write_seed(const char *directory, const struct seed *seed)
{
    char path[1000];
    size_t written;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, seed->name);
    file = fopen(path, "wb");
    if (!file) {
        perror(path);
        return 1;
    }
    written = fwrite(seed->operations, 1, seed->size, file);
    if (fclose(file) != 0 || written != seed->size) {
        fprintf(stderr, "%s could not be written\n", path);
        return 1;
    }
    return 0;
}

int main(int count, char **arguments)
{
    const struct corpus *corpus = count == 3 ? corpus_of(arguments[1]) : NULL;
    int failed = 0;

    if (!corpus) {
        fputs("Usage: make_corpus ledger|heap|budget DIRECTORY\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < corpus->count; i++)
        failed |= write_seed(arguments[2], &corpus->seeds[i]);
    return failed;
}
