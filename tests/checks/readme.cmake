# Compiles the host of README.md: its first block of C must be good C11 and good C++17 with every
# warning on. -D readme=FILE -D include=DIR -D c=COMPILER -D cxx=COMPILER -D work=DIR

file(READ ${readme} text)
string(REGEX MATCH "```c\n([^`]*)```" found "${text}")
if(NOT found)
  message(FATAL_ERROR "${readme} has no block of C")
endif()
file(MAKE_DIRECTORY ${work})
file(WRITE ${work}/readme_host.c "${CMAKE_MATCH_1}")
set(options -Wall -Wextra -Wpedantic -Werror -Wno-missing-declarations -I ${include} -c -o
            ${work}/readme_host.o ${work}/readme_host.c)
execute_process(COMMAND ${c} -std=c11 ${options} RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "README.md's host does not compile as C11")
endif()
