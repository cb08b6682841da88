# `cmake --install` of hostmem's build installs exactly these files, and no path of this machine is in
# the text files among them.
#
#   cmake -D build=DIRECTORY -D has_run=ON|OFF -D bindir=DIRECTORY -D libdir=DIRECTORY
#         -D includedir=DIRECTORY -D datadir=DIRECTORY -D scratch=DIRECTORY -P install.cmake

cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE ${scratch})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${scratch} RESULT_VARIABLE failed
                OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed)
  message(FATAL_ERROR "${build} cannot be installed:\n${output}")
endif()

set(expected
    ${bindir}/hostmem.dll
    ${bindir}/hostmem-agent.dll
    ${libdir}/libhostmem.dll.a
    ${libdir}/libhostmem-agent.dll.a
    ${libdir}/libhostmem.a
    ${libdir}/cmake/hostmem/hostmemConfig.cmake
    ${libdir}/cmake/hostmem/hostmemConfigVersion.cmake
    ${libdir}/cmake/hostmem/hostmemTargets.cmake
    ${libdir}/pkgconfig/hostmem.pc
    ${datadir}/licenses/hostmem/LICENSE)
if(has_run)
  list(APPEND expected ${bindir}/hostmem-run.exe ${bindir}/hostmem-host.exe ${bindir}/hostmem-top.exe)
endif()
file(GLOB headers RELATIVE ${CMAKE_CURRENT_LIST_DIR}/../../include
     ${CMAKE_CURRENT_LIST_DIR}/../../include/hostmem/*.h)
list(TRANSFORM headers PREPEND ${includedir}/)
list(APPEND expected ${headers})

# One file more belongs to each build type: its targets' locations.
file(GLOB_RECURSE found RELATIVE ${scratch} ${scratch}/*)
list(FILTER found EXCLUDE REGEX "/hostmemTargets-[a-z]+\\.cmake$")
set(missing ${expected})
list(REMOVE_ITEM missing ${found})
list(REMOVE_ITEM found ${expected})
if(missing OR found)
  message(FATAL_ERROR "Not installed: \"${missing}\". Installed, but unexpected: \"${found}\".")
endif()

get_filename_component(source ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)
file(GLOB_RECURSE texts ${scratch}/*.cmake ${scratch}/*.pc)
foreach(file IN LISTS texts)
  file(READ ${file} text)
  foreach(directory ${source} ${build} ${scratch})
    string(FIND "${text}" "${directory}" position)
    if(NOT position EQUAL -1)
      message(FATAL_ERROR "${file} names ${directory}")
    endif()
  endforeach()
endforeach()
message(STATUS "the installation is as it should be")
