# Tests the checks themselves: plants in hostmem.dll what must not be there (planted.c), and expects
# reach.cmake and pe_facts.cmake to refuse it for that reason and no other.
#
#   cmake -D machine=x64|x86 -D compiler=... -D nm=... -D objdump=... -D objcopy=... -D objects=FILE
#         -D allowed=FILE -D version_header=FILE -D scratch=DIRECTORY -P refusals.cmake

cmake_minimum_required(VERSION 3.25)
set(here ${CMAKE_CURRENT_LIST_DIR})

file(REMOVE_RECURSE ${scratch})

# compile(<option>... [WITH <library>...])
function(compile)
  cmake_parse_arguments(PARSE_ARGV 0 compile "" "" "WITH")
  execute_process(
    COMMAND ${compiler} ${compile_UNPARSED_ARGUMENTS} ${here}/planted.c ${compile_WITH}
    RESULT_VARIABLE failed ERROR_VARIABLE errors)
  if(failed)
    message(FATAL_ERROR "planted.c does not compile with ${ARGN}:\n${errors}")
  endif()
endfunction()

# run(<script> WITH <option>... [BECAUSE <reason>...]): the script must fail and give each reason, and no
# other; with no reason it must succeed.
function(run script)
  cmake_parse_arguments(PARSE_ARGV 1 run "" "" "BECAUSE;WITH")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D machine=${machine} -D nm=${nm} -D objdump=${objdump} -D
            objcopy=${objcopy} ${run_WITH} -P ${here}/${script}
    WORKING_DIRECTORY ${scratch} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(NOT run_BECAUSE AND failed)
    message(FATAL_ERROR "${script} refuses what is harmless: ${output}")
  elseif(run_BECAUSE AND NOT failed)
    message(FATAL_ERROR "${script} does not refuse: ${run_BECAUSE}")
  endif()
  foreach(reason IN LISTS run_BECAUSE)
    string(FIND "${output}" "${reason}" position)
    if(position EQUAL -1)
      message(FATAL_ERROR "${script} does not give the reason \"${reason}\" but: ${output}")
    endif()
    string(REPLACE "${reason}" "" output "${output}")
  endforeach()
  if(output MATCHES "may not|is allowed, but|no object of")
    message(FATAL_ERROR "${script} gives another reason than ${run_BECAUSE}: ${output}")
  endif()
endfunction()

# ---------------------------------------------------------------------------
# Objects
# ---------------------------------------------------------------------------

# plant(<piece> <source> [reason]): adds the piece to hostmem's objects as if it were that source's.
function(plant piece source)
  set(object ${scratch}/${piece}/hostmem_objects.dir/${source}.obj)
  get_filename_component(directory ${object} DIRECTORY)
  file(MAKE_DIRECTORY ${directory})
  compile(-O1 -c -D PLANT=${piece} -o ${object})
  file(READ ${objects} list)
  file(WRITE ${scratch}/objects.txt "${list}\n${object}\n")
  run(reach.cmake WITH -D objects=${scratch}/objects.txt -D allowed=${allowed} BECAUSE ${ARGN})
endfunction()

plant(PLANT_NOTHING pages/planted.c)
plant(PLANT_LOCK pages/planted.c "src/pages/planted.c may not refer to EnterCriticalSection")
plant(PLANT_MALLOC heap/planted.c "src/heap/planted.c may not refer to malloc")
plant(PLANT_HEAP redirect/planted.c "src/redirect/planted.c may not refer to HeapAlloc")
plant(PLANT_WAIT os/planted.c "src/os/planted.c may not refer to WaitForSingleObject")
plant(PLANT_THREAD_LOCAL counters/planted.c "src/counters/planted.c may not refer to _")
plant(PLANT_LOADER hosting/planted.c "src/hosting/planted.c may not refer to GetModuleHandleExW")
plant(PLANT_YIELD redirect/planted.c "src/redirect/planted.c may not refer to SwitchToThread")
plant(PLANT_UPWARD pages/planted.c "src/pages/planted.c may not refer to heap_destroy")

# Too few objects: those of the folder dll are left out, to which nothing refers. And an entry of the list
# that nothing uses.
file(READ ${objects} list)
string(REGEX REPLACE "[^\n]*/hostmem\\.dir/[^\n]*\n?" "" list "${list}")
file(WRITE ${scratch}/objects.txt "${list}")
run(reach.cmake WITH -D objects=${scratch}/objects.txt -D allowed=${allowed} BECAUSE
    "no object of src/dll was looked at"
    "src/dll's use of DisableThreadLibraryCalls is allowed, but there is none any more")
file(READ ${allowed} list)
file(WRITE ${scratch}/allowed.txt "${list}\nhosting Sleep for this test\n")
run(reach.cmake WITH -D objects=${objects} -D allowed=${scratch}/allowed.txt
    BECAUSE "src/hosting's use of Sleep is allowed, but there is none any more")

# ---------------------------------------------------------------------------
# A DLL
# ---------------------------------------------------------------------------

set(dll ${scratch}/planted.dll)
set(entry DllMainCRTStartup)
if(machine STREQUAL "x86")
  set(entry _DllMainCRTStartup@12)
endif()
set(flags -Wl,--out-implib,${scratch}/planted.dll.a,--disable-dynamicbase,--disable-nxcompat)
if(machine STREQUAL "x64")
  string(APPEND flags ,--disable-high-entropy-va)
endif()
compile(-O1 -shared -nostdlib -D PLANT=PLANT_DLL ${flags} -Wl,-e,${entry} -o ${dll} WITH -lkernel32)

run(reach.cmake WITH -D objects=${objects} -D allowed=${allowed} -D dll=${dll} BECAUSE
    "the DLL may not import kernel32.dll!HeapLock")
run(pe_facts.cmake
    WITH -D file=${dll} -D imports=user32.dll "-Dexports=HostMemCreateManager" -D
         version_header=${version_header} -D import_library=${scratch}/planted.dll.a
    BECAUSE "it imports kernel32.dll"
            "it exports \"planted"
            "DYNAMIC_BASE is not set"
            "NX_COMPAT is not set"
            "its version resource has other numbers"
            "its version resource has another FileVersion"
            "its version resource has another ProductVersion"
            "the import library has no __imp_"
            "the import library has no ")
