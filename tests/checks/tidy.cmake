# clang-tidy finds nothing in some folders of src (.clang-tidy says what it looks for).
#
#   cmake -D root=DIRECTORY -D tool=clang-tidy -D folders="src/os..." -D except=REGEX -D nodes=N
#         -D scratch=DIRECTORY (-D database=BUILD-DIRECTORY | -D flags="..." -D headers=present)
#         -P tidy.cmake
#
# With a database, each source is read as that build compiles it; otherwise with the flags, if the file
# `headers` exists. A source takes seconds, so one that has passed is checked again only when the source,
# any header or the options have changed.

cmake_minimum_required(VERSION 3.25)

if(NOT tool)
  message(STATUS "skipped: there is no clang-tidy")
  return()
endif()
if(database)
  set(how -p ${database})
elseif(headers)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(how ${flags} -I ${root}/src -I ${root}/include)
else()
  message(STATUS "skipped: MinGW-w64's headers or jansson's are missing")
  return()
endif()

# Everything that a result depends on, besides the source itself.
execute_process(COMMAND ${tool} --version OUTPUT_VARIABLE question)
string(APPEND question "${how} ${nodes}")
file(GLOB_RECURSE files ${root}/src/*.h ${root}/include/*.h)
foreach(file IN LISTS files CMAKE_CURRENT_LIST_FILE ITEMS ${root}/.clang-tidy)
  file(SHA256 ${file} hash)
  string(APPEND question ${hash})
endforeach()

# The sources that have not passed yet. `stamps` holds, for each, the file that will say that it has passed.
set(sources "")
set(stamps "")
set(count 0)
separate_arguments(folders)
foreach(folder IN LISTS folders)
  file(GLOB found ${root}/${folder}/*.c)
  list(FILTER found EXCLUDE REGEX ${except})
  foreach(source IN LISTS found)
    file(SHA256 ${source} hash)
    string(SHA256 hash "${question}${source}${hash}")
    if(NOT EXISTS ${scratch}/${hash})
      list(APPEND sources ${source})
      list(APPEND stamps ${scratch}/${hash})
    endif()
    math(EXPR count "${count} + 1")
  endforeach()
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "there are no sources in ${folders}")
endif()

if(sources)
  # Options before the sources, the compiler's flags after them.
  foreach(word -Xclang -analyzer-config -Xclang max-nodes=${nodes})
    list(APPEND analyzer --extra-arg=${word})
  endforeach()
  if(database)
    set(command ${tool} --quiet ${analyzer} ${how} ${sources})
  else()
    set(command ${tool} --quiet ${analyzer} ${sources} -- ${how})
  endif()
  execute_process(COMMAND ${command} WORKING_DIRECTORY ${root} RESULT_VARIABLE failed
                  OUTPUT_VARIABLE findings ERROR_VARIABLE errors)
  if(failed)
    if(NOT findings)
      set(findings "${errors}")
    endif()
    message(NOTICE "${findings}")
    message(FATAL_ERROR "clang-tidy finds what is above")
  endif()
  file(MAKE_DIRECTORY ${scratch})
  file(TOUCH ${stamps})
endif()
list(LENGTH sources looked_at)
message(STATUS "clang-tidy finds nothing in ${count} sources, of which ${looked_at} were new to it")
