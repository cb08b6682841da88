# Has spin search all states of a model, and compares its result with the expected one.
#
#   cmake -D model=FILE.pml -D spin=spin -D compiler=gcc -D scratch=DIRECTORY
#         [-D options="-DNAME ..."]   of the model
#         [-D cycles=TRUE]            looks for ways round in the graph of states, instead of errors
#         -D expect=holds|fails       fails: spin must find an error, the model has one planted
#         [-D errors=REGEX]           which one
#         [-D megabytes=NUMBER]       of memory, at most
#         -P model.cmake
#
# "Holds" means that the search was complete: nothing was cut off, by depth or for memory.

cmake_minimum_required(VERSION 3.25)

if(NOT megabytes)
  set(megabytes 2000)
endif()
separate_arguments(options)
# An error is found sooner than a search is optimised.
set(optimise -O2)
if(expect STREQUAL "fails")
  set(optimise -O0)
endif()
if(cycles)
  set(search -DNP)
  set(how -l)
else()
  set(search -DSAFETY)
endif()

# run(<what> <command>...): sets output; if the command fails, so does the test.
function(run what)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${scratch} RESULT_VARIABLE failed
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${what} failed (${failed}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})
file(COPY ${model} DESTINATION ${scratch})
cmake_path(GET model FILENAME name)
run(spin ${spin} ${options} -a ${name})
run(${compiler} ${compiler} ${optimise} -w ${search} -DCOLLAPSE -DMEMLIM=${megabytes} -o pan pan.c)
# Its status tells nothing.
execute_process(COMMAND ./pan ${how} -m20000 WORKING_DIRECTORY ${scratch} OUTPUT_VARIABLE output
                ERROR_VARIABLE output)

if(NOT output MATCHES "errors: ([0-9]+)")
  message(FATAL_ERROR "There was no search:\n${output}")
endif()
set(count ${CMAKE_MATCH_1})
if(expect STREQUAL "fails")
  if(count EQUAL 0 OR NOT output MATCHES "${errors}")
    message(FATAL_ERROR "Not found: ${options} ${errors}\n${output}")
  endif()
  string(REGEX MATCH "pan:[0-9]+: [^\n]*" error "${output}")
  message(STATUS "found: ${error}")
  return()
endif()
if(count)
  # The way there, without the moves that change nothing.
  execute_process(COMMAND ${spin} ${options} -t -p ${name} WORKING_DIRECTORY ${scratch}
                  OUTPUT_VARIABLE way ERROR_VARIABLE way)
  string(REGEX REPLACE "[^\n]*\\[(\\(1\\)|else|goto[^\n]*)\\]\n" "" way "${way}")
  message(FATAL_ERROR "${options}:\n${output}\n${way}")
endif()
foreach(cut "Search not completed" "max search depth too small" "VECTORSZ" "hash-compact|bitstate")
  if(output MATCHES "${cut}")
    message(FATAL_ERROR "The search was not complete (${cut}):\n${output}")
  endif()
endforeach()
string(REGEX MATCH "[0-9.e+]+ states, stored" states "${output}")
string(REGEX MATCH "[0-9.]+[ \t]+total actual memory usage" memory "${output}")
string(REGEX REPLACE "[ \t].*" "" memory "${memory}")
message(STATUS "${states}, ${memory} MB, no errors")
