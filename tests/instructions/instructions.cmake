# Counts the instructions of each operation that the program knows, in the functions of src/, and
# compares with the file: more than 3 % above in any operation fails, and names the functions that rose.
# With HOSTMEM_UPDATE_INSTRUCTIONS in the environment, writes the file instead.
#
#   cmake -D valgrind=... -D annotate=callgrind_annotate -D program=FILE -D compiler="ID VERSION PROCESSOR TYPE"
#         -D file=FILE -D scratch=DIRECTORY -P instructions.cmake

cmake_minimum_required(VERSION 3.25)

set(tolerance 3) # percent

# ---------------------------------------------------------------------------
# Where counts can be compared
# ---------------------------------------------------------------------------

# Other compilers make other instructions of the same source.
set(known "GNU 12.2.0 x86_64 RelWithDebInfo")
if(NOT compiler STREQUAL known)
  message(STATUS "skipped: the counts are those of ${known} (Debian 12), and this is ${compiler}")
  return()
endif()
if(NOT valgrind OR NOT annotate)
  message(STATUS "skipped: there is no valgrind")
  return()
endif()

# ---------------------------------------------------------------------------
# Counting
# ---------------------------------------------------------------------------

# run(<output variable> <command>...): fails with what the command says.
function(run output)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE text ERROR_VARIABLE errors)
  if(failed)
    message(FATAL_ERROR "${ARGN} failed:\n${text}${errors}")
  endif()
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

# count(<operation>): sets functions_<operation> to the functions of src/ that ran, each with its file in
# front (slab.h:heap_free is what heap_free has inlined from slab.h), count_<operation>_<function> to each
# one's instructions, and total_<operation> to their sum. The copies that the compiler makes of one function
# (name.part.0 and the like) count as one. The fault points of test builds are left out.
function(count operation)
  set(out ${scratch}/${operation}.out)
  run(ignored ${valgrind} --tool=callgrind --callgrind-out-file=${out} --toggle-collect=measured
      ${program} ${operation})
  run(text ${annotate} --auto=no --threshold=100 --show-percs=no ${out})
  string(REGEX MATCHALL "[0-9,]+ +[^\n]*src/(counters|budget|pages|slabs|heap|os)/[^:\n]*:[^ \n]+" lines "${text}")
  set(functions "")
  set(total 0)
  foreach(line IN LISTS lines)
    if(line MATCHES "tests/|os_fault" OR NOT line MATCHES "^([0-9,]+) .*/([a-z_]+\\.[ch]:[A-Za-z0-9_]+)[^:]*$")
      continue()
    endif()
    set(name ${CMAKE_MATCH_2})
    string(REPLACE "," "" instructions ${CMAKE_MATCH_1})
    if(NOT name IN_LIST functions)
      list(APPEND functions ${name})
      set(count_${name} 0)
    endif()
    math(EXPR count_${name} "${count_${name}} + ${instructions}")
    math(EXPR total "${total} + ${instructions}")
  endforeach()
  if(total EQUAL 0)
    message(FATAL_ERROR "callgrind has counted nothing of src/ in ${operation}")
  endif()
  list(SORT functions)
  foreach(name IN LISTS functions)
    set(count_${operation}_${name} ${count_${name}} PARENT_SCOPE)
  endforeach()
  set(functions_${operation} ${functions} PARENT_SCOPE)
  set(total_${operation} ${total} PARENT_SCOPE)
endfunction()

# ---------------------------------------------------------------------------
# The file
# ---------------------------------------------------------------------------

function(write_file)
  set(text "# Instructions of 100 runs of each operation, in all functions of src/ and in each of them.\n")
  string(APPEND text "# ${known}, counted by callgrind. Made by: cmake --build --preset native ")
  string(APPEND text "--target update_instructions\n")
  foreach(operation IN LISTS operations)
    string(APPEND text "\n${operation} total ${total_${operation}}\n")
    foreach(name IN LISTS functions_${operation})
      string(APPEND text "${operation} ${name} ${count_${operation}_${name}}\n")
    endforeach()
  endforeach()
  file(WRITE ${file} "${text}")
  message(STATUS "${file} is written")
endfunction()

# was(<variable> <operation> <name>): the count in the file, 0 if there is none.
function(was variable operation name)
  set(${variable} 0 PARENT_SCOPE)
  if(known_counts MATCHES "\n${operation} ${name} ([0-9]+)\n")
    set(${variable} ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()

# tell_risen(<variable> <operation>): a line for each function with more instructions than the file says.
function(tell_risen variable operation)
  set(text "")
  foreach(name IN LISTS functions_${operation})
    was(before ${operation} ${name})
    if(count_${operation}_${name} GREATER before)
      string(APPEND text "\n    ${name}: ${before} -> ${count_${operation}_${name}}")
    endif()
  endforeach()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# ---------------------------------------------------------------------------
# All of them
# ---------------------------------------------------------------------------

file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch})
run(operations ${program})
string(STRIP "${operations}" operations)
string(REPLACE "\n" ";" operations "${operations}")
foreach(operation IN LISTS operations)
  count(${operation})
endforeach()
if(DEFINED ENV{HOSTMEM_UPDATE_INSTRUCTIONS})
  write_file()
  return()
endif()

file(READ ${file} known_counts)
string(REPLACE "\n" "\n\n" known_counts "${known_counts}")
set(complaints "")
foreach(operation IN LISTS operations)
  was(before ${operation} total)
  set(now ${total_${operation}})
  math(EXPR highest "${before} * (100 + ${tolerance}) / 100")
  math(EXPR lowest "${before} * (100 - ${tolerance}) / 100")
  message(STATUS "${operation}: ${before} -> ${now}")
  if(now GREATER highest)
    tell_risen(risen ${operation})
    string(APPEND complaints "\n  ${operation}: ${before} -> ${now}${risen}")
  elseif(now LESS lowest)
    message(STATUS "${operation} has become cheaper: the target update_instructions writes that down")
  endif()
endforeach()
if(complaints)
  message(NOTICE "Instructions of 100 runs, more than ${tolerance} % above ${file}:${complaints}")
  message(FATAL_ERROR "If that is the price of something, run the target update_instructions, and commit what it "
                      "writes with the reason")
endif()
