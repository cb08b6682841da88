# The public headers compile by themselves, and beside each <mscoree.h> that there is, without a warning.
#
#   cmake -D language=C|CXX -D compiler=... -D include=DIRECTORY -D scratch=DIRECTORY -P headers.cmake

cmake_minimum_required(VERSION 3.25)

set(flags -Wall -Wextra -Wpedantic -Werror -I ${include})
if(language STREQUAL "C")
  set(standard -std=c11)
  set(suffix c)
else()
  set(standard -std=c++17)
  set(suffix cpp)
endif()
file(MAKE_DIRECTORY ${scratch})
set(source ${scratch}/headers.${suffix})
set(complaints "")
set(count 0)

# includes(<header>...): a source file that includes these, in this order.
function(includes)
  set(text "")
  foreach(header IN LISTS ARGN)
    string(APPEND text "#include <${header}>\n")
  endforeach()
  file(WRITE ${source} "${text}int translation_unit;\n")
endfunction()

# compiles(<about> <option>...): checks that the file that includes() wrote compiles.
function(compiles about)
  execute_process(COMMAND ${compiler} ${standard} ${flags} ${ARGN} -fsyntax-only ${source}
                  RESULT_VARIABLE failed ERROR_VARIABLE errors)
  if(failed)
    list(APPEND complaints "${about} ${ARGN}:\n${errors}")
  endif()
  math(EXPR count "${count} + 1")
  set(count ${count} PARENT_SCOPE)
  set(complaints "${complaints}" PARENT_SCOPE)
endfunction()

# preprocessed(<result> <option>...): the tokens of the file that includes() wrote, preprocessed.
function(preprocessed result)
  execute_process(COMMAND ${compiler} ${standard} ${flags} ${ARGN} -E -P ${source}
                  RESULT_VARIABLE failed OUTPUT_VARIABLE text ERROR_VARIABLE errors)
  if(failed)
    message(FATAL_ERROR "${errors}")
  endif()
  string(REGEX REPLACE "[ \t\r\n]+" " " text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# ---------------------------------------------------------------------------
# Beside MinGW-w64's own <mscoree.h>
# ---------------------------------------------------------------------------

# What a program may define first; the empty one is spelled out, as CMake's lists lose it.
set(plain "-UCOBJMACROS")
set(all "-DCOBJMACROS -DINITGUID -DCONST_VTABLE")
if(language STREQUAL "CXX")
  set(variants ${plain} ${all} "-DCINTERFACE -DCOBJMACROS")
else()
  set(variants ${plain} ${all})
endif()

# Reading Windows' headers takes most of the time. So one source tries two things: its first header compiles
# by itself, and the following ones compile after it.
foreach(variant IN LISTS variants)
  separate_arguments(variant)
  includes(hostmem/clrhosting.h)
  compiles("hostmem/clrhosting.h alone" ${variant})
  includes(hostmem/hostmem.h hostmem/clrhosting.h hostmem/hostmem.h mscoree.h)
  compiles("hostmem/hostmem.h alone, twice, and before <mscoree.h>" ${variant})
  includes(hostmem/inspection.h hostmem/hostmem.h)
  compiles("hostmem/inspection.h alone, and before hostmem.h" ${variant})
  includes(hostmem/redirect.h hostmem/inspection.h hostmem/hostmem.h)
  compiles("hostmem/redirect.h alone, and before the others" ${variant})
  includes(mscoree.h hostmem/hostmem.h)
  compiles("hostmem/hostmem.h after <mscoree.h>" ${variant})
  includes(hostmem/agent.h hostmem/books.h hostmem/hostmem.h hostmem/agent.h)
  compiles("hostmem/agent.h alone, twice, and before the others" ${variant})
  includes(hostmem/books.h hostmem/agent.h)
  compiles("hostmem/books.h alone, and before hostmem/agent.h" ${variant})
endforeach()
includes(hostmem/version.h)
compiles("hostmem/version.h alone")

# ---------------------------------------------------------------------------
# Beside stand-ins for those of others
# ---------------------------------------------------------------------------

foreach(kind microsoft coreclr)
  set(stand_in -I ${CMAKE_CURRENT_LIST_DIR}/${kind})
  foreach(variant IN LISTS variants)
    separate_arguments(variant)
    includes(mscoree.h hostmem/hostmem.h mscoree.h)
    compiles("hostmem/hostmem.h with ${kind}/mscoree.h" ${stand_in} ${variant})
  endforeach()
endforeach()

# Where <mscoree.h> declares everything, clrhosting.h declares nothing.
set(stand_in -I ${CMAKE_CURRENT_LIST_DIR}/microsoft)
foreach(variant ${plain} ${all})
  separate_arguments(variant)
  includes(windows.h unknwn.h mscoree.h corerror.h)
  file(APPEND ${source} "int before_clrhosting;\n#include <hostmem/clrhosting.h>\nint after_clrhosting;\n")
  preprocessed(text ${stand_in} ${variant})
  if(NOT text MATCHES "int before_clrhosting; int after_clrhosting;")
    list(APPEND complaints "clrhosting.h adds to microsoft/mscoree.h with ${variant}")
  endif()
endforeach()

if(complaints)
  list(JOIN complaints "\n" complaints)
  message(NOTICE "${complaints}")
  message(FATAL_ERROR "The headers do not stand alone")
endif()
message(STATUS "${count} sources compile")
