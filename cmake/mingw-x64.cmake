# Toolchain of the preset x64: MinGW-w64's GCC for 64-bit Windows. Owns the compiler's name and,
# on any system but Windows, what a cross build needs: where libraries are looked for, and the
# emulator that CTest starts programs with. On Windows (MSYS2) the compiler is a native one and finds
# its own libraries.

set(hostmem_triple x86_64-w64-mingw32)

set(CMAKE_C_COMPILER ${hostmem_triple}-gcc)
set(CMAKE_CXX_COMPILER ${hostmem_triple}-g++)

if(NOT CMAKE_HOST_WIN32)
  set(CMAKE_SYSTEM_NAME Windows)
  set(CMAKE_SYSTEM_PROCESSOR AMD64)
  set(CMAKE_RC_COMPILER ${hostmem_triple}-windres)

  # The host's own libraries must not be found: only MinGW's and those of CMAKE_PREFIX_PATH are.
  set(CMAKE_FIND_ROOT_PATH /usr/${hostmem_triple} ${CMAKE_PREFIX_PATH})
  set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
  set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

  get_filename_component(hostmem_emulator "${CMAKE_CURRENT_LIST_DIR}/../tools/wine-x64.sh" ABSOLUTE)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${hostmem_emulator}")
endif()
