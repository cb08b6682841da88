/*
 * board_section.h: the section that holds a board and the books behind it.
 *
 * Its name is that of the process whose books it holds. Only the user whose process makes it may
 * open it, and only for reading. A name that exists is refused, never opened: somebody else might
 * have made it.
 */
#ifndef HOSTMEM_BOARD_BOARD_SECTION_H
#define HOSTMEM_BOARD_BOARD_SECTION_H

#include "board/board.h"

/*
 * Makes the section for the books of that process and, in *board, a view of the board, all zero but
 * for what identifies it. NULL: GetLastError says why; ERROR_ALREADY_EXISTS is one reason. No
 * process inherits the handle.
 */
HANDLE board_section_create(DWORD process, struct board **board);

/* Opens the section of that process for reading. NULL: there is none, or it is another user's. */
HANDLE board_section_open(DWORD process);

/* Views of the board, and of the books behind it. NULL: GetLastError. */
struct board *board_section_map(HANDLE section, bool is_writable);
void *board_section_map_books(HANDLE section, bool is_writable);

/* True if board is a board, of this version of hostmem and of this bitness. */
bool board_is_of_this_version(const struct board *board);

#endif
