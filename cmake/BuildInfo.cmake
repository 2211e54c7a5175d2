# SPDX-License-Identifier: MIT
# getput::build_info: #include "build_info.hpp" tells the program how it was built, for the
# environment record. The commit is looked up at every build; the file only changes when it does.

set(build_info_dir "${PROJECT_BINARY_DIR}/generated/build_info")
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_info_config)
set(build_info_flags "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_info_config}}")
if(GETPUT_NATIVE)
  string(APPEND build_info_flags " -march=native")
endif()
if(GETPUT_SANITIZE)
  string(APPEND build_info_flags " -fsanitize=${GETPUT_SANITIZE}")
endif()
string(REGEX REPLACE " +" " " build_info_flags "${build_info_flags}")
string(STRIP "${build_info_flags}" build_info_flags)
string(REGEX REPLACE "([\"\\\\])" "\\\\\\1" build_info_flags "${build_info_flags}")

set(build_info_run
  "${CMAKE_COMMAND}"
  "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}"
  "-DTEMPLATE=${PROJECT_SOURCE_DIR}/cmake/templates/build_info.hpp.in"
  "-DOUTPUT=${build_info_dir}/build_info.hpp"
  "-DBUILD_VERSION=${PROJECT_VERSION}"
  "-DBUILD_COMPILER=${CMAKE_CXX_COMPILER_ID}"
  "-DBUILD_COMPILER_VERSION=${CMAKE_CXX_COMPILER_VERSION}"
  "-DBUILD_FLAGS=${build_info_flags}"
  "-DBUILD_TYPE=${CMAKE_BUILD_TYPE}"
  "-DBUILD_SANITIZER=${GETPUT_SANITIZE}"
  -P "${PROJECT_SOURCE_DIR}/cmake/WriteBuildInfo.cmake")
add_custom_target(getput_write_build_info
  COMMAND ${build_info_run}
  BYPRODUCTS "${build_info_dir}/build_info.hpp"
  VERBATIM)
add_library(getput_build_info INTERFACE)
add_library(getput::build_info ALIAS getput_build_info)
target_include_directories(getput_build_info INTERFACE "${build_info_dir}")
add_dependencies(getput_build_info getput_write_build_info)
