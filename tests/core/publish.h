/*
 * publish.h: publishes a region and ends its publisher's own operation, as most tests do first. No
 * other thread may know the region yet.
 */
#ifndef HOSTMEM_TESTS_NATIVE_PUBLISH_H
#define HOSTMEM_TESTS_NATIVE_PUBLISH_H

#include "pages/region.h"

static inline void publish_at_rest(struct region *region)
{
    struct region_operation operation;

    region_publish(region, &operation);
    assert_true(region_end(&operation));
}

#endif
