/*
 * injected.h: the block that hostmem-run writes into a suspended program, so that the system's
 * loader loads the agent with the program's own imports.
 *
 * The block lies above the program's image and holds, one behind the other: struct injected, the
 * import descriptors (the agent's, then the program's own, then an empty one), the agent's thunks
 * and the agent's path. The image's header in memory, not its file, names the descriptors as its
 * import directory. The agent finds the block by that, takes the handle from it, and puts the
 * header back.
 */
#ifndef HOSTMEM_BOARD_INJECTED_H
#define HOSTMEM_BOARD_INJECTED_H

#include <windows.h>

#include <stdint.h>

#define INJECTED_MAGIC UINT64_C(0x6a6e49206d6f7368)

struct injected {
    uint64_t magic;
    uint64_t board;               /* handle of the board's section, in the program */
    IMAGE_DATA_DIRECTORY imports; /* of the header, as they were */
    IMAGE_DATA_DIRECTORY bound_imports;
    IMAGE_DATA_DIRECTORY addresses; /* IMAGE_DIRECTORY_ENTRY_IAT */
};

/* The ordinal by which the program imports the agent. */
#define INJECTED_ORDINAL 1

#endif
