/*
 * section_generate.h: random steps about sections, most of them near what there is, many wrong.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_SECTION_GENERATE_H
#define HOSTMEM_TESTS_DIFFERENTIAL_SECTION_GENERATE_H

#include "section_twins.h"

struct section_generator {
    uint64_t random;
    /* What makes some audits say less (section_books.h) is done in some sequences only. */
    bool names, ends;
};

struct section_generator section_generate_from(uint64_t seed);
struct section_step section_generate(struct section_generator *generator,
                                     const struct section_twins *twins);

#endif
