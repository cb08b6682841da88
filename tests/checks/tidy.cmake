# clang-tidy finds nothing in some folders of src (.clang-tidy says what it looks for).
#
#   cmake -D root=DIRECTORY -D tool=clang-tidy -D folders="src/os..." -D except=REGEX -D nodes=N
#         -D scratch=DIRECTORY
#         (-D database=BUILD-DIRECTORY | -D flags="..." -D headers=present [-D together=ON])
#         -P tidy.cmake
#
# With a database, each source is read as that build compiles it; otherwise with the flags, if the file
# `headers` exists. A source takes seconds, so one that has passed is checked again only when the source,
# any header or the options have changed. `together` reads the sources of a folder as one, as far as that can be
# done, which takes a third of the time.

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

# clang_tidy(<result> <checks> <source>...): what clang-tidy finds in these; "" if it is nothing.
function(clang_tidy result checks)
  foreach(word -ferror-limit=0 -Xclang -analyzer-config -Xclang max-nodes=${nodes} -Xclang
               -analyzer-opt-analyze-headers)
    list(APPEND analyzer --extra-arg=${word})
  endforeach()
  set(command ${tool} --quiet --config-file=${root}/.clang-tidy --checks=${checks} ${analyzer})
  if(database)
    list(APPEND command ${how} ${ARGN})
  else()
    list(APPEND command ${ARGN} -- ${how})
  endif()
  execute_process(COMMAND ${command} WORKING_DIRECTORY ${root} RESULT_VARIABLE failed
                  OUTPUT_VARIABLE findings ERROR_VARIABLE errors)
  if(NOT failed)
    set(findings "")
  elseif(NOT findings)
    set(findings "${errors}")
  endif()
  set(${result} "${findings}" PARENT_SCOPE)
endfunction()

# look_at(<source>...): adds to `all_findings`. Windows' headers take most of the time, so the sources are read
# as one, by a file that includes them all. What cannot be read after the others, because both name something
# alike, is looked at afterwards. If there is a finding, each source is read again, by itself.
function(look_at)
  list(JOIN ARGN "\"\n#include \"" text)
  file(WRITE ${scratch}/all.c "#include \"${text}\"\n")
  # This check takes no time: it tells what does not compile.
  clang_tidy(errors "-*,misc-unused-parameters" ${scratch}/all.c)
  set(now "")
  set(later "")
  foreach(source IN LISTS ARGN)
    if(errors MATCHES "${source}:[0-9]+:[0-9]+: error:")
      list(APPEND later ${source})
    else()
      list(APPEND now ${source})
    endif()
  endforeach()
  if(later AND now)
    look_at(${now})
    look_at(${later})
  else()
    clang_tidy(findings -bugprone-suspicious-include ${scratch}/all.c)
    if(findings)
      clang_tidy(findings "" ${ARGN})
    endif()
    string(APPEND all_findings "${findings}")
  endif()
  set(all_findings "${all_findings}" PARENT_SCOPE)
endfunction()

set(all_findings "")
if(together)
  foreach(folder IN LISTS folders)
    set(of_folder ${sources})
    list(FILTER of_folder INCLUDE REGEX "^${root}/${folder}/[^/]*$")
    if(of_folder)
      look_at(${of_folder})
    endif()
  endforeach()
elseif(sources)
  clang_tidy(all_findings "" ${sources})
endif()
if(all_findings)
  message(NOTICE "${all_findings}")
  message(FATAL_ERROR "clang-tidy finds what is above")
endif()
if(sources)
  file(MAKE_DIRECTORY ${scratch})
  file(TOUCH ${stamps})
endif()
list(LENGTH sources looked_at)
message(STATUS "clang-tidy finds nothing in ${count} sources, of which ${looked_at} were new to it")
