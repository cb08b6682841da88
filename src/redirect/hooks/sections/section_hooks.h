/*
 * section_hooks.h: what a redirected module calls instead of Win32's functions that make or open
 * sections (file mappings). Win32 makes them; the manager decides whether a section of the paging
 * file may be made, and keeps the books (pages/sections/).
 *
 * Not in the books are sections of files, a section that was made before under the same name, and
 * sections whose handle comes from anywhere else (OpenFileMapping, another process, inheritance).
 * While such a name is asked for, the books are charged for a new section, until Win32 has told
 * that it exists; where a limit refuses that, the section that exists is opened all the same.
 * Functions that open one are hooked for their handles only: what a value stood for before was
 * closed unseen.
 * A handle that is duplicated into another process keeps the system's section alive, not the one in
 * the books.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_SECTIONS_SECTION_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_SECTIONS_SECTION_HOOKS_H

#include "redirect/hooks/hook_table.h"

extern const struct hook_table section_hooks;

#endif
