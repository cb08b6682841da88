# Checks hostmem.dll and hostmem-run.exe as PE files, read with objdump.
#
#   cmake -D machine=x64|x86 -D objdump=... -D objcopy=... -D nm=... -D file=FILE
#         -D imports="DLL..." -D exports="NAME..." -D version_header=include/hostmem/version.h
#         [-D import_library=FILE] -P pe_facts.cmake
#
# Asked for is: no DLL imported but the listed ones, at once or with delay (a * in a name stands for any
# text); exactly these exports, undecorated; address space layout randomisation with relocations to do
# it by, of high entropy on x64; no execution of data; no initialised thread-local storage in a DLL; the
# version of the header in the version resource; and in the import library the symbols that a caller's
# compiler refers to.

cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/binary.cmake)

set(complaints "")
macro(complain what)
  list(APPEND complaints "${what}")
endmacro()

separate_arguments(imports)
separate_arguments(exports)

# ---------------------------------------------------------------------------
# Imports and exports
# ---------------------------------------------------------------------------

pe_imports(found_imports ${file})
set(found_dlls "")
foreach(import IN LISTS found_imports)
  string(REGEX REPLACE "!.*" "" module "${import}")
  string(TOLOWER "${module}" module)
  list(APPEND found_dlls ${module})
endforeach()
list(REMOVE_DUPLICATES found_dlls)
if(NOT found_dlls)
  complain("no imports were found")
endif()
foreach(import IN LISTS imports)
  string(REPLACE "." "\\." import "${import}")
  string(REPLACE "*" ".*" import "${import}")
  list(FILTER found_dlls EXCLUDE REGEX "^${import}$")
endforeach()
if(found_dlls)
  complain("it imports ${found_dlls}")
endif()

pe_exports(found_exports ${file})
list(SORT found_exports)
list(SORT exports)
if(NOT found_exports STREQUAL exports)
  complain("it exports \"${found_exports}\" instead of \"${exports}\"")
endif()

# ---------------------------------------------------------------------------
# Headers
# ---------------------------------------------------------------------------

tool_lines(headers ${objdump} -p ${file})
list(JOIN headers "\n" headers)
string(REGEX MATCH "DllCharacteristics[^\n]*(\n[\t ]+[A-Z_ ]+)*" flags "${headers}")
if(NOT flags MATCHES "DYNAMIC_BASE")
  complain("DYNAMIC_BASE is not set")
endif()
if(NOT flags MATCHES "NX_COMPAT")
  complain("NX_COMPAT is not set")
endif()
if(machine STREQUAL "x64" AND NOT flags MATCHES "HIGH_ENTROPY_VA")
  complain("HIGH_ENTROPY_VA is not set")
endif()
if(headers MATCHES "\n\trelocations stripped")
  complain("its relocations are stripped")
endif()

# A directory that is not empty has a size.
function(has_directory result name)
  if(NOT headers MATCHES "\nEntry [0-9a-f] ([0-9a-f]+) ([0-9a-f]+) ${name}")
    message(FATAL_ERROR "${file}: objdump shows no ${name}")
  endif()
  if(CMAKE_MATCH_2 MATCHES "[^0]")
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

has_directory(relocations "Base Relocation Directory")
if(NOT relocations)
  complain("it has no relocations")
endif()
has_directory(delay_imports "Delay Import Directory")
if(delay_imports)
  complain("it imports with delay")
endif()
if(file MATCHES "\\.dll$")
  has_directory(thread_storage "Thread Storage Directory")
  if(thread_storage)
    complain("it has thread-local storage")
  endif()
endif()

# ---------------------------------------------------------------------------
# The version resource: the numbers after VS_FIXEDFILEINFO's signature, and the text
# ---------------------------------------------------------------------------

file(READ ${version_header} header)
foreach(part MAJOR MINOR PATCH)
  string(REGEX MATCH "define HOSTMEM_VERSION_${part} ([0-9]+)" _ "${header}")
  set(${part} ${CMAKE_MATCH_1})
endforeach()
if(NOT header MATCHES "HOSTMEM_VERSION_TEXT \"${MAJOR}\\.${MINOR}\\.${PATCH}\"")
  complain("HOSTMEM_VERSION_TEXT is not the numbers of ${version_header}")
endif()

get_filename_component(name ${file} NAME)
set(resources ${CMAKE_CURRENT_BINARY_DIR}/${name}-${machine}.rsrc)
execute_process(COMMAND ${objcopy} -O binary -j .rsrc ${file} ${resources} RESULT_VARIABLE failed)
if(failed OR NOT EXISTS ${resources})
  file(WRITE ${resources} "")
endif()
file(READ ${resources} hex HEX)
file(REMOVE ${resources})

# 16 bits, little-endian as in PE files.
function(little_endian result number)
  math(EXPR low "${number} % 256" OUTPUT_FORMAT HEXADECIMAL)
  math(EXPR high "${number} / 256" OUTPUT_FORMAT HEXADECIMAL)
  string(REGEX REPLACE "^0x(.*)$" "0\\1" low "${low}")
  string(REGEX REPLACE "^0x(.*)$" "0\\1" high "${high}")
  string(REGEX REPLACE "^.*(..)$" "\\1" low "${low}")
  string(REGEX REPLACE "^.*(..)$" "\\1" high "${high}")
  set(${result} ${low}${high} PARENT_SCOPE)
endfunction()

little_endian(major ${MAJOR})
little_endian(minor ${MINOR})
little_endian(patch ${PATCH})
set(numbers ${minor}${major}0000${patch})
if(NOT hex MATCHES "bd04effe00000100${numbers}${numbers}")
  complain("its version resource has other numbers than ${version_header}")
endif()

# FileVersion and ProductVersion in UTF-16, each followed by the version's text.
string(HEX "${MAJOR}.${MINOR}.${PATCH}" text)
string(REGEX REPLACE "(..)" "\\100" text "${text}")
foreach(key FileVersion ProductVersion)
  string(HEX ${key} key_hex)
  string(REGEX REPLACE "(..)" "\\100" key_hex "${key_hex}")
  if(NOT hex MATCHES "${key_hex}0000(0000)?${text}0000")
    complain("its version resource has another ${key} than ${version_header}")
  endif()
endforeach()

# ---------------------------------------------------------------------------
# The import library
# ---------------------------------------------------------------------------

if(import_library)
  set(symbols ${exports})
  if(machine STREQUAL "x86")
    set(symbols _HostMemCreateManager@8 _HostMemCreateHostControl@12 _HostMemRedirectModule@16
                _HostMemRemoveRedirection@4)
  endif()
  tool_lines(lines ${nm} -P -g ${import_library})
  list(JOIN lines "\n" library)
  foreach(symbol IN LISTS symbols)
    if(NOT library MATCHES "\n${symbol} T ")
      complain("the import library has no ${symbol}")
    endif()
    if(NOT library MATCHES "\n__imp_${symbol} [A-TV-Z] ")
      complain("the import library has no __imp_${symbol}")
    endif()
  endforeach()
endif()

if(complaints)
  list(JOIN complaints "\n  " complaints)
  message(FATAL_ERROR "${file}:\n  ${complaints}")
endif()
message(STATUS "${file} is as it should be")
