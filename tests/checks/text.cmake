# No file of the project names an absolute directory of a machine, or the host of a package registry: on the
# next machine both are wrong.
#
#   cmake -D root=DIRECTORY [-D git=git] -P text.cmake

cmake_minimum_required(VERSION 3.25)

# An absolute path begins where it cannot be the rest of a longer path, such as one that begins with a
# variable.
set(path_start "(^|[^A-Za-z0-9_.})/$-])")
set(patterns
    "${path_start}/(work|home|root|tmp|Users)/"
    "[A-Za-z]:[\\\\/]+(Users|work|home|tmp)[\\\\/]"
    "[A-Za-z0-9.-]+\\.debian\\.(org|net)"
    "registry\\.[a-z]+\\.(org|com)"
    "pypi\\.org|pythonhosted\\.org|crates\\.io|proxy\\.golang\\.org")

# The tracked files; without a repository, all files but those that a build makes.
set(failed TRUE)
if(git)
  execute_process(COMMAND ${git} ls-files WORKING_DIRECTORY ${root} RESULT_VARIABLE failed
                  OUTPUT_VARIABLE files ERROR_QUIET)
  string(REGEX REPLACE "\n" ";" files "${files}")
endif()
if(failed)
  file(GLOB_RECURSE files RELATIVE ${root} ${root}/*)
  list(FILTER files EXCLUDE REGEX "^(build|\\.git)/")
endif()

set(complaints "")
set(count 0)
foreach(name IN LISTS files)
  if(EXISTS ${root}/${name} AND NOT IS_DIRECTORY ${root}/${name})
    file(READ ${root}/${name} text)
    foreach(pattern IN LISTS patterns)
      if(text MATCHES "${pattern}")
        string(STRIP "${CMAKE_MATCH_0}" match)
        string(APPEND complaints "\n  ${name}: ${match}")
      endif()
    endforeach()
    math(EXPR count "${count} + 1")
  endif()
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "there are no files in ${root}")
endif()
if(complaints)
  message(FATAL_ERROR "These name a machine's directory or a registry's host:${complaints}")
endif()
message(STATUS "${count} files name no machine")
