# Every C and C++ file is laid out as .clang-format says.
#
#   cmake -D root=DIRECTORY -D tool=clang-format -P format.cmake

cmake_minimum_required(VERSION 3.25)

# Other versions lay out a few things in other ways.
set(version 14)

if(NOT tool)
  message(STATUS "skipped: there is no clang-format")
  return()
endif()
execute_process(COMMAND ${tool} --version OUTPUT_VARIABLE found)
if(NOT found MATCHES "version ${version}\\.")
  message(STATUS "skipped: the layout is that of clang-format ${version}, and this is ${found}")
  return()
endif()

set(files "")
foreach(folder src include examples tests)
  file(GLOB_RECURSE found ${root}/${folder}/*.c ${root}/${folder}/*.h ${root}/${folder}/*.cpp)
  list(APPEND files ${found})
endforeach()
execute_process(COMMAND ${tool} --dry-run -Werror --style=file ${files} RESULT_VARIABLE failed
                ERROR_VARIABLE errors)
if(failed)
  message(NOTICE "${errors}")
  message(FATAL_ERROR "clang-format -i would change what is above")
endif()
list(LENGTH files count)
message(STATUS "${count} files are laid out as they should be")
