# A fuzz target runs its corpus, and then some executions from a fixed seed, and finds nothing.
#
#   cmake -D target=FILE -D name=ledger|heap|budget -D executions=N -D make_corpus=FILE
#         -D scratch=DIRECTORY -P fuzz.cmake

cmake_minimum_required(VERSION 3.25)

# New inputs that it finds are written there, so it begins empty each time.
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch}/corpus)
execute_process(COMMAND ${make_corpus} ${name} ${scratch}/corpus COMMAND_ERROR_IS_FATAL ANY)

execute_process(
  COMMAND ${target} -seed=1 -runs=${executions} -max_len=1024 -len_control=20 -verbosity=0
          -print_final_stats=1 -artifact_prefix=${scratch}/ ${scratch}/corpus
  RESULT_VARIABLE failed ERROR_VARIABLE output)
if(failed)
  message(NOTICE "${output}")
  message(FATAL_ERROR "What is above was found; ${target} FILE runs the input again, with the "
                      "variable HOSTMEM_FUZZ_PRINT set it prints each operation before it is done")
endif()
if(NOT output MATCHES "stat::number_of_executed_units: *([0-9]+)" OR CMAKE_MATCH_1 LESS executions)
  message(NOTICE "${output}")
  message(FATAL_ERROR "fewer executions than ${executions}")
endif()
message(STATUS "nothing found in ${CMAKE_MATCH_1} executions")
