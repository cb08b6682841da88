# cppcheck finds nothing in src: neither in the sources that Linux compiles nor in those that Windows
# compiles; a function that is never called is a finding, too. The long form also checks the sources as
# 32-bit Windows compiles them.
#
#   cmake -D root=DIRECTORY -D tool=cppcheck [-D long=ON] -P cppcheck.cmake

cmake_minimum_required(VERSION 3.25)

if(NOT tool)
  message(STATUS "skipped: there is no cppcheck")
  return()
endif()

set(options --quiet --std=c11 --error-exitcode=1 -I src -I include
            --suppressions-list=${CMAKE_CURRENT_LIST_DIR}/cppcheck-suppressions.txt)
set(looked_for --enable=warning,style,performance,portability)

function(cppcheck)
  execute_process(COMMAND ${tool} ${options} ${ARGN} WORKING_DIRECTORY ${root} RESULT_VARIABLE failed
                  OUTPUT_VARIABLE findings ERROR_VARIABLE findings)
  if(failed)
    message(NOTICE "${findings}")
    message(FATAL_ERROR "cppcheck finds what is above")
  endif()
endfunction()

cppcheck(${looked_for} --platform=unix64 -D__linux__ -I tests -i src/os/os_win32.c src/os src/counters
         src/budget src/pages src/slabs src/heap tests/os_posix)
set(platforms win64)
if(long)
  list(APPEND platforms win32W)
endif()
foreach(platform IN LISTS platforms)
  cppcheck(${looked_for} --platform=${platform} --library=windows -D_WIN32 src/os/os_win32.c src/counters
           src/budget src/pages src/slabs src/heap src/hosting src/pe src/redirect src/dll src/base src/report src/run)
endforeach()
cppcheck(--enable=unusedFunction --platform=win64 -D_WIN32 src)
message(STATUS "cppcheck finds nothing")
