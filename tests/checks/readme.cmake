# Compiles the host of README.md: its first block of C must be good C11 with every warning on.
# -Dreadme=FILE -Dinclude=DIR -Dcompiler=COMPILER -Dscratch=DIR

file(READ ${readme} text)
string(REGEX MATCH "```c\n([^`]*)```" found "${text}")
if(NOT found)
  message(FATAL_ERROR "${readme} has no block of C")
endif()
file(WRITE ${scratch}/readme_host.c "${CMAKE_MATCH_1}")
execute_process(
  COMMAND ${compiler} -std=c11 -Wall -Wextra -Wpedantic -Werror -I ${include} -c -o
          ${scratch}/readme_host.o ${scratch}/readme_host.c
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "the host of ${readme} does not compile")
endif()
