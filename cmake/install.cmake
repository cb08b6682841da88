# What `cmake --install` installs: the libraries and the programs, whichever are built, the headers, the
# licence, and the files by which find_package and pkg-config find them. None of these files names an
# absolute directory, so the installation can be moved.

include(CMakePackageConfigHelpers)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/hostmem)
set(exports FALSE)
foreach(target hostmem hostmem_agent hostmem_static)
  if(TARGET ${target})
    install(
      TARGETS ${target}
      EXPORT hostmemTargets
      RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
      INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    set(exports TRUE)
  endif()
endforeach()
if(TARGET hostmem-run)
  install(TARGETS hostmem-run hostmem-host hostmem-top RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/licenses/hostmem)
if(NOT exports)
  return()
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hostmem DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT hostmemTargets NAMESPACE hostmem:: DESTINATION ${package_directory})

# Before 1.0 a new minor version may change the interface.
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/hostmemConfig.cmake.in ${PROJECT_BINARY_DIR}/hostmemConfig.cmake
  INSTALL_DESTINATION ${package_directory}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hostmemConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/hostmemConfig.cmake ${PROJECT_BINARY_DIR}/hostmemConfigVersion.cmake
        DESTINATION ${package_directory})

# The prefix relative to the .pc file; a directory that the user gave as absolute stays so.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
endif()
foreach(directory BINDIR LIBDIR INCLUDEDIR)
  set(pc_${directory} ${CMAKE_INSTALL_${directory}})
  if(NOT IS_ABSOLUTE "${pc_${directory}}")
    string(PREPEND pc_${directory} "\${prefix}/")
  endif()
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/hostmem.pc.in ${PROJECT_BINARY_DIR}/hostmem.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/hostmem.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
