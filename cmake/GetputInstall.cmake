# SPDX-License-Identifier: MIT
# Install and export of the header library: find_package(getput) gives getput::schemes.

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
  DESTINATION "${package_dir}" COMPONENT schemes)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT schemes)
