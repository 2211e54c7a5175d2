# SPDX-License-Identifier: MIT
# Install of the header library: a CMake package (find_package(getput), cmake/templates/getputConfig.cmake.in)
# and pkg-config files. Both find their prefix from where they are, so the installed tree can be moved.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/getput")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/schemes/"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/getput/schemes"
  COMPONENT schemes
  FILES_MATCHING PATTERN "*.hpp")
install(TARGETS getput_schemes EXPORT getput_targets COMPONENT schemes)
install(EXPORT getput_targets NAMESPACE getput:: FILE getputTargets.cmake
  DESTINATION "${package_dir}" COMPONENT schemes)
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/templates/getputConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/generated/getputConfig.cmake"
  INSTALL_DESTINATION "${package_dir}"
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/generated/getputConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${PROJECT_BINARY_DIR}/generated/getputConfig.cmake"
  "${PROJECT_BINARY_DIR}/generated/getputConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/GetputComponents.cmake"
  DESTINATION "${package_dir}" COMPONENT schemes)

# getput_pkg_config_file(<name> <requires> <description>)
function(getput_pkg_config_file GETPUT_PC_NAME GETPUT_PC_REQUIRES GETPUT_PC_DESCRIPTION)
  set(folder "${CMAKE_INSTALL_DATADIR}/pkgconfig")
  set(GETPUT_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  if(NOT IS_ABSOLUTE "${folder}")
    file(RELATIVE_PATH up "/${folder}" "/")
    string(REGEX REPLACE "/$" "" up "${up}")
    set(GETPUT_PC_PREFIX "\${pcfiledir}/${up}")
  endif()
  set(GETPUT_PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
  if(NOT IS_ABSOLUTE "${GETPUT_PC_INCLUDEDIR}")
    string(PREPEND GETPUT_PC_INCLUDEDIR "\${prefix}/")
  endif()
  configure_file("${PROJECT_SOURCE_DIR}/cmake/templates/getput.pc.in"
    "${PROJECT_BINARY_DIR}/generated/${GETPUT_PC_NAME}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/generated/${GETPUT_PC_NAME}.pc"
    DESTINATION "${folder}" COMPONENT schemes)
endfunction()
getput_pkg_config_file(getput "" "Reference-count schemes in C++20 headers")
# Header code calls these libraries, so whatever includes it links them: Requires, not Requires.private.
getput_pkg_config_file(getput-rcu "getput liburcu-memb liburcu-mb liburcu-qsbr liburcu-bp"
  "Reference-count schemes over liburcu")
getput_pkg_config_file(getput-ck "getput ck" "Reference-count schemes over Concurrency Kit")

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT schemes)
