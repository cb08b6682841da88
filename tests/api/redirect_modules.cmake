# The modules whose imports the tests redirect (redirect_target.h). They have no C run-time library,
# so that their imports are known to the last one; dlltool makes import libraries of the tests' own.

if(CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(redirect_definitions redirect_imports.def)
  set(redirect_heap_definitions redirect_heap_imports.def)
  set(redirect_newer_definitions redirect_newer_imports.def)
  set(redirect_entry DllMainCRTStartup)
  set(redirect_stubs VirtualAlloc VirtualFree VirtualQuery VirtualProtect)
else()
  set(redirect_definitions redirect_imports-x86.def)
  set(redirect_heap_definitions redirect_heap_imports-x86.def)
  set(redirect_newer_definitions redirect_newer_imports-x86.def)
  set(redirect_entry _DllMainCRTStartup@12)
  set(redirect_stubs _VirtualAlloc@16 _VirtualFree@12 _VirtualQuery@12 _VirtualProtect@16)
  set(redirect_dlltool_options --kill-at)
  set(redirect_link_options LINKER:--kill-at)
endif()

# redirect_module(<name> <source> <library>...): a DLL beside the test programs.
function(redirect_module name source)
  add_library(${name} MODULE ${source})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY
                                                     ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  # Windows' headers are read once for all modules: so none has a definition named after it.
  set_target_properties(${name} PROPERTIES DEFINE_SYMBOL "")
  if(name STREQUAL "redirect_nothing")
    target_precompile_headers(${name} PRIVATE <windows.h>)
  else()
    target_precompile_headers(${name} REUSE_FROM redirect_nothing)
  endif()
  # What a hook sees as its caller is then the module.
  target_compile_options(${name} PRIVATE -fno-optimize-sibling-calls)
  target_link_options(${name} PRIVATE -nostdlib LINKER:-e,${redirect_entry}
                      ${redirect_link_options})
  target_link_libraries(${name} PRIVATE hostmem_options ${ARGN} kernel32)
  set(redirect_modules ${redirect_modules} ${name} PARENT_SCOPE)
endfunction()

# redirect_import_library(<target> <library> <dll> <option> <definitions>): ordinary (--output-lib) or
# delay-loaded (--output-delaylib). dlltool names the symbols in it after the file, so it gets no
# directory.
function(redirect_import_library target library dll option definitions)
  add_custom_command(
    OUTPUT ${library}
    COMMAND ${CMAKE_DLLTOOL} ${redirect_dlltool_options} -D ${dll} -d
            ${CMAKE_CURRENT_SOURCE_DIR}/${definitions} ${option} ${library}
    DEPENDS ${definitions}
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
    VERBATIM)
  add_custom_target(${target} DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${library})
endfunction()

redirect_module(redirect_nothing redirect_nothing.c)

redirect_import_library(redirect_api_set_imports libredirect_api_set_imports.a
                        api-ms-win-core-memory-l1-1-0.dll --output-lib ${redirect_definitions})
redirect_import_library(redirect_heap_api_set_imports libredirect_heap_api_set_imports.a
                        api-ms-win-core-heap-l1-1-0.dll --output-lib ${redirect_heap_definitions})
redirect_import_library(redirect_delayed_imports libredirect_delayed_imports.a kernel32.dll
                        --output-delaylib ${redirect_definitions})
redirect_import_library(redirect_newer_imports libredirect_newer_imports.a kernelbase.dll --output-lib
                        ${redirect_newer_definitions})

redirect_module(redirect_target redirect_target.c)
target_compile_definitions(redirect_target PRIVATE TARGET_HAS_ALL TARGET_HAS_HEAP)

redirect_module(redirect_api_set redirect_target.c
                ${CMAKE_CURRENT_BINARY_DIR}/libredirect_api_set_imports.a
                ${CMAKE_CURRENT_BINARY_DIR}/libredirect_heap_api_set_imports.a)
add_dependencies(redirect_api_set redirect_api_set_imports redirect_heap_api_set_imports)
target_compile_definitions(redirect_api_set PRIVATE TARGET_HAS_HEAP)

redirect_module(redirect_delayed redirect_target.c
                ${CMAKE_CURRENT_BINARY_DIR}/libredirect_delayed_imports.a)
add_dependencies(redirect_delayed redirect_delayed_imports)
target_compile_definitions(redirect_delayed PRIVATE TARGET_DELAYS)
foreach(stub ${redirect_stubs}) # ld takes them for unused otherwise
  target_link_options(redirect_delayed PRIVATE LINKER:-u,${stub})
endforeach()

redirect_module(redirect_library redirect_library.c)
target_sources(redirect_library PRIVATE redirect_library.def)
redirect_module(redirect_lookup redirect_lookup.c)
target_sources(redirect_lookup PRIVATE redirect_namesake.c)
# It has a VirtualAlloc of its own, which Windows' headers declare otherwise.
set_source_files_properties(redirect_namesake.c PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
redirect_module(redirect_ending redirect_ending.c)
target_link_libraries(redirect_ending PRIVATE ntdll)

redirect_module(redirect_newer redirect_newer.c
                ${CMAKE_CURRENT_BINARY_DIR}/libredirect_newer_imports.a)
add_dependencies(redirect_newer redirect_newer_imports)

# Modules that load others, and are known for what they are by an export.
foreach(module_and_sign runtime:coreclr_initialize classic_runtime:GetCLRRuntimeHost jit:getJit
                        collector:GC_Initialize older_collector:InitializeGarbageCollector
                        native_aot:DotNetRuntimeDebugHeader host:hostfxr_main policy:corehost_main other:some_function)
  string(REPLACE ":" ";" module_and_sign ${module_and_sign})
  list(GET module_and_sign 0 module)
  list(GET module_and_sign 1 sign)
  redirect_module(follow_${module} redirect_target.c)
  target_compile_definitions(follow_${module} PRIVATE TARGET_LOADS TARGET_SIGN=${sign})
endforeach()
target_compile_definitions(follow_jit PRIVATE TARGET_HAS_HEAP)
