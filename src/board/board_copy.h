/*
 * board_copy.h: a reader's copy of a board, of which nothing is believed.
 */
#ifndef HOSTMEM_BOARD_BOARD_COPY_H
#define HOSTMEM_BOARD_BOARD_COPY_H

#include "board/board.h"

/*
 * Copies the board, ends every text with a zero, and makes counts fit their lists. What is not
 * there yet is left empty. False: it is no board, or one of another version or bitness. view may
 * change meanwhile.
 */
bool board_copy(struct board *copy, const struct board *view);

/* What board_copy refuses is a board all the same, of a process of the other bitness. */
bool board_is_of_other_bitness(const struct board *view);

#endif
