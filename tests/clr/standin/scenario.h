/*
 * scenario.h: what kind of machine the stand-in plays: the environment variable STANDIN_CLR, words
 * with semicolons between them. Without it, a healthy machine with two runtimes.
 */
#ifndef STANDIN_SCENARIO_H
#define STANDIN_SCENARIO_H

#include <stdbool.h>

enum scenario {
    SCENARIO_NONE,            /* no runtime is installed */
    SCENARIO_V2,              /* only v2.0.50727 is */
    SCENARIO_UNLOADABLE,      /* no runtime can be loaded */
    SCENARIO_START_FAILS,     /* Start fails */
    SCENARIO_REFUSES_CONTROL, /* SetHostControl fails */
    SCENARIO_UNHANDLED,       /* the program throws an exception that is not caught */
    SCENARIO_NO_METHOD,       /* the type has no such method */
    SCENARIO_NO_TYPE,         /* the assembly has no such type */
    SCENARIO_EXIT,            /* the program ends its process */
    SCENARIO_LEAK,            /* the engine gives nothing back */
    SCENARIO_PRESSURE,        /* the program allocates until it is told to stop */
    SCENARIOS                 /* how many there are */
};

/* Reads the environment anew. */
void scenario_read(void);

bool scenario_is(enum scenario scenario);

#endif
