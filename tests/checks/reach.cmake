# Checks which functions hostmem.dll's code can reach, by its objects' symbols and the DLL's import table.
#
#   cmake -D machine=x64|x86 -D nm=... -D objdump=... -D objects=FILE -D allowed=FILE [-D dll=FILE]
#         -P reach.cmake
#
# objects lists the object files, one a line. Refused is
# - a reference to anything but another object of the rooms that the referrer's room may use, and what
#   reach-allowed.txt allows it;
# - an entry of that list, the compiler's apart, that no object uses;
# - an import of the DLL that the list does not hold, or that is not KERNEL32's (for the compiler's
#   memcpy and its like: ntdll's);
# - a run over too few objects, which would prove nothing.
#
# Calls through pointers (the host's callbacks and COM objects) and loops that wait are not seen here: only
# a review of the code finds those.

cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/binary.cmake)

# The rooms of hostmem.dll. house.awk says which rooms each of them may refer to besides itself.
set(rooms os counters budget pages slabs heap hosting reader pe redirect dll)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/house.awk arrows REGEX "^  allow\\(")
foreach(arrow IN LISTS arrows)
  string(REGEX MATCH "\"([^\"]*)\", \"([^\"]*)\"" _ "${arrow}")
  string(REPLACE " " ";" ${CMAKE_MATCH_1}_may_use "${CMAKE_MATCH_2}")
endforeach()
foreach(room IN LISTS rooms)
  if(NOT DEFINED ${room}_may_use)
    message(FATAL_ERROR "house.awk does not say what src/${room} may use")
  endif()
endforeach()

set(complaints "")

# The list of what is allowed: allowed_WHERE holds functions.
file(STRINGS ${allowed} lines REGEX "^[a-z]")
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^([^ ]+) +([^ ]+) +[^ ]")
    message(FATAL_ERROR "${allowed}: no reason is given in: ${line}")
  endif()
  list(APPEND allowed_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
  if(CMAKE_MATCH_1 STREQUAL "compiler")
    list(APPEND imports_allowed ntdll.dll!${CMAKE_MATCH_2})
  else()
    list(APPEND imports_allowed kernel32.dll!${CMAKE_MATCH_2})
    list(APPEND unused ${CMAKE_MATCH_1}!${CMAKE_MATCH_2})
  endif()
endforeach()

# Which source and room an object is of.
function(place source room object)
  if(object MATCHES "/hostmem_objects\\.dir/(\\./)?(([a-z]+)/[a-z0-9_/]+\\.c)\\.(obj|o)$")
    set(${source} ${CMAKE_MATCH_2} PARENT_SCOPE)
    set(${room} ${CMAKE_MATCH_3} PARENT_SCOPE)
  elseif(object MATCHES "/hostmem\\.dir/(\\./)?([^/]+\\.c)\\.(obj|o)$")
    set(${source} dll/${CMAKE_MATCH_2} PARENT_SCOPE)
    set(${room} dll PARENT_SCOPE)
  else()
    message(FATAL_ERROR "${object} is of no room that is known here")
  endif()
endfunction()

# The objects: that there are any of each room, what each room defines, and every reference.
file(STRINGS ${objects} object_files REGEX "\\.(obj|o)$")
object_symbols(defined undefined ${object_files})
foreach(object IN LISTS object_files)
  place(source room ${object})
  if(NOT room IN_LIST rooms)
    message(FATAL_ERROR "${object}: what may the room ${room} refer to? reach.cmake must say")
  endif()
  set(${room}_is_there TRUE)
endforeach()
foreach(room IN LISTS rooms)
  if(NOT ${room}_is_there)
    list(APPEND complaints "no object of src/${room} was looked at")
  endif()
endforeach()

foreach(entry IN LISTS defined)
  string(REGEX MATCH "^(.*)\\|(.*)$" _ "${entry}")
  set(symbol ${CMAKE_MATCH_2})
  place(source room ${CMAKE_MATCH_1})
  list(APPEND ${room}_defines ${symbol})
endforeach()

foreach(entry IN LISTS undefined)
  string(REGEX MATCH "^(.*)\\|(.*)$" _ "${entry}")
  set(symbol ${CMAKE_MATCH_2})
  place(source room ${CMAKE_MATCH_1})
  if(symbol IN_LIST allowed_${room})
    list(REMOVE_ITEM unused ${room}!${symbol})
  elseif(symbol IN_LIST allowed_${source})
    list(REMOVE_ITEM unused ${source}!${symbol})
  elseif(NOT symbol IN_LIST allowed_compiler)
    set(is_known FALSE)
    foreach(below IN LISTS room ${room}_may_use)
      if(symbol IN_LIST ${below}_defines)
        set(is_known TRUE)
      endif()
    endforeach()
    if(NOT is_known)
      list(APPEND complaints "src/${source} may not refer to ${symbol}")
    endif()
  endif()
endforeach()
foreach(entry IN LISTS unused)
  string(REPLACE "!" "'s use of " entry "${entry}")
  list(APPEND complaints "src/${entry} is allowed, but there is none any more")
endforeach()

if(dll)
  pe_imports(imports ${dll})
  if(NOT imports)
    list(APPEND complaints "no import table was found in ${dll}")
  endif()
  foreach(import IN LISTS imports)
    string(REGEX MATCH "^[^!]*" module "${import}")
    string(TOLOWER "${module}" lower_module)
    string(REPLACE "${module}!" "${lower_module}!" import "${import}")
    if(NOT import IN_LIST imports_allowed)
      list(APPEND complaints "the DLL may not import ${import}")
    endif()
  endforeach()
endif()

if(complaints)
  list(JOIN complaints "\n  " complaints)
  message(FATAL_ERROR "Not allowed by ${allowed}:\n  ${complaints}")
endif()
list(LENGTH object_files count)
message(STATUS "${count} objects refer to nothing but what they may")
