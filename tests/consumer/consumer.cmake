# Builds project/ against hostmem in one way and runs its programs: with the build type Debug, in the long
# form with every build type and with none.
#
#   cmake -D way=add_subdirectory|fetch_content|find_package|pkg_config -D hostmem=DIRECTORY
#         -D project=DIRECTORY -D scratch=DIRECTORY -D generator=NAME -D c_compiler=FILE
#         -D cxx_compiler=FILE -D toolchain=FILE [-D pkg_config=FILE] [-D long=ON] [-D run=OFF]
#         -P consumer.cmake
#
# The in-tree ways, add_subdirectory and fetch_content, share a build directory for each build type, so that
# the second does not build hostmem again; hostmem is installed from there for the other two. With run=OFF
# the programs are built only.

cmake_minimum_required(VERSION 3.25)

if(way STREQUAL "pkg_config" AND NOT pkg_config)
  message(STATUS "skipped: there is no pkg-config")
  return()
endif()

# step(<about> <command>...): a step that must succeed.
function(step about)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    list(JOIN ARGN " " command)
    message(NOTICE "${command}\n${output}")
    message(FATAL_ERROR "By ${way} with the build type \"${type}\": ${about} failed, as shown above")
  endif()
endfunction()

set(common -G ${generator} -S ${project} -DCONSUMER_WAY=${way})
if(toolchain)
  list(APPEND common --toolchain ${toolchain})
else()
  list(APPEND common -DCMAKE_C_COMPILER=${c_compiler} -DCMAKE_CXX_COMPILER=${cxx_compiler})
endif()

set(types Debug)
set(hostmem_options -DHOSTMEM_INSTALL=ON)
if(long)
  set(types "" Debug Release MinSizeRel)
else()
  list(APPEND hostmem_options -DHOSTMEM_PRECOMPILE_HEADERS=ON) # it takes half the time
endif()
foreach(type IN LISTS types)
  set(directory ${type})
  if(NOT type)
    set(directory None)
  endif()
  set(installed ${scratch}/installed/${directory})
  if(way MATCHES "add_subdirectory|fetch_content")
    set(build ${scratch}/in-tree/${directory})
    set(options -DCONSUMER_HOSTMEM=${hostmem} ${hostmem_options})
  else()
    set(build ${scratch}/${way}/${directory})
    set(options -DCMAKE_PREFIX_PATH=${installed} --fresh)
  endif()

  step("configuring" ${CMAKE_COMMAND} -B ${build} ${common} -DCMAKE_BUILD_TYPE=${type} ${options})
  step("building" ${CMAKE_COMMAND} --build ${build} --parallel 2)
  if(way STREQUAL "add_subdirectory")
    file(REMOVE_RECURSE ${installed})
    step("installing" ${CMAKE_COMMAND} --install ${build} --prefix ${installed})
  endif()
  if(NOT DEFINED run OR run)
    step("running" ${CMAKE_CTEST_COMMAND} --test-dir ${build} --no-tests=error --output-on-failure)
    message(STATUS "built and ran with the build type \"${type}\"")
  else()
    message(STATUS "built with the build type \"${type}\"")
  endif()
endforeach()
