# Checks of the sources, as tests of the native preset: layout, clang-tidy, cppcheck, and what must not
# stand in a file. The sanitizers' presets need not repeat them. A tool that is not there is a test that
# is skipped, not one that passes.

if(HOSTMEM_SANITIZE)
  return()
endif()

find_program(CLANG_FORMAT clang-format)
find_program(CLANG_TIDY clang-tidy)
find_program(CPPCHECK cppcheck)
find_package(Git QUIET)

# hostmem_source_check(<name> <script> [<definition>...])
function(hostmem_source_check name script)
  list(TRANSFORM ARGN PREPEND -D)
  add_test(
    NAME ${name}
    COMMAND ${CMAKE_COMMAND} -Droot=${PROJECT_SOURCE_DIR}
            -Dscratch=${CMAKE_CURRENT_BINARY_DIR}/${name} ${ARGN} -P
            ${CMAKE_CURRENT_LIST_DIR}/${script})
  set_tests_properties(${name} PROPERTIES TIMEOUT 3600 SKIP_REGULAR_EXPRESSION "-- skipped: ")
endfunction()

hostmem_source_check(check_format format.cmake tool=${CLANG_FORMAT})
hostmem_source_check(check_text text.cmake git=${GIT_EXECUTABLE})
hostmem_source_check(check_cppcheck cppcheck.cmake tool=${CPPCHECK} long=${HOSTMEM_LONG_TESTS})

add_test(NAME check_house COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/house.sh ${PROJECT_SOURCE_DIR})
add_test(NAME check_house_refusals COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/house.sh --test
                                           ${CMAKE_CURRENT_BINARY_DIR}/check_house_refusals)

# How many states clang's analyzer visits in a function. 225000 is clang's default, and takes four times as
# long. The long form reads each source by itself.
if(HOSTMEM_LONG_TESTS)
  set(analyzer_nodes 225000)
  set(together OFF)
else()
  set(analyzer_nodes 10000)
  set(together ON)
endif()

# What the native build compiles, as it compiles it.
hostmem_source_check(
  check_tidy_native tidy.cmake tool=${CLANG_TIDY} nodes=${analyzer_nodes}
  "folders=src/os tests/os_posix src/counters src/budget src/pages src/slabs src/heap"
  "except=/os_win32\\.c$|/test_[^/]*$"
  database=${PROJECT_BINARY_DIR})

# The rest, by clang's knowledge of MinGW-w64's headers, with what src/CMakeLists.txt defines.
set(target x86_64-w64-mingw32)
set(jansson ${PROJECT_SOURCE_DIR}/build/deps/x64/include)
find_program(MINGW_COMPILER ${target}-gcc)
if(MINGW_COMPILER AND EXISTS ${jansson}/jansson.h)
  set(headers headers=present)
endif()
set(flags "--target=${target} -std=c11 -DWIN32_LEAN_AND_MEAN -DCOBJMACROS= -DCONST_VTABLE -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0601")
foreach(name_and_folders "windows;src/os src/pe src/hosting src/hosting/parts src/reader src/redirect src/redirect/runtime src/redirect/hooks src/dll"
        "run;src/base src/board src/census src/agent src/report src/run src/run/launch src/run/host src/run/host/coreclr src/run/host/framework src/run/host/hostfxr src/run/snapshot src/run/watch src/run/top")
  list(POP_FRONT name_and_folders name)
  hostmem_source_check(
    check_tidy_${name} tidy.cmake tool=${CLANG_TIDY} nodes=${analyzer_nodes}
    "folders=${name_and_folders}" together=${together} ${headers}
    "except=/os_fault\\.c$" "flags=${flags} -isystem ${jansson}")
endforeach()

# The longest checks start first: started last, they would run alone.
set_tests_properties(check_tidy_run check_tidy_windows PROPERTIES COST 100)
