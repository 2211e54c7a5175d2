# SPDX-License-Identifier: MIT
# Every third-party package, found once, under one imported target each. All that is missing is
# collected and named in ONE error together with the Debian packages that bring it.

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
set(getput_missing_packages "")
if(NOT PkgConfig_FOUND)
  list(APPEND getput_missing_packages pkg-config)
endif()

# Imported target <target> from the pkg-config module <module>; Debian package <debian> has it.
function(getput_pkg_config target module debian)
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "GETPUT_PC_${module}" prefix)
  if(PkgConfig_FOUND)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
  endif()
  if(${prefix}_FOUND)
    # An own imported target, not an alias: an alias would be exported under pkg-config's name.
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(${target} INTERFACE PkgConfig::${prefix})
    set(${prefix}_VERSION "${${prefix}_VERSION}" PARENT_SCOPE)
  else()
    set(getput_missing_packages ${getput_missing_packages} ${debian} PARENT_SCOPE)
  endif()
endfunction()

# Imported target <target> from the CMake package <package>; Debian package <debian> has it.
macro(getput_cmake_package target package debian)
  if(NOT TARGET ${target})
    find_package(${package} CONFIG QUIET GLOBAL)
    if(NOT TARGET ${target})
      list(APPEND getput_missing_packages ${debian})
    endif()
  endif()
endmacro()

# The flavours that the header library reaches; cmake/templates/getputConfig.cmake.in finds them for
# whoever uses the installed one.
foreach(flavour IN ITEMS memb mb qsbr bp)
  getput_pkg_config(urcu::${flavour} liburcu-${flavour} liburcu-dev)
endforeach()

if(GETPUT_BUILD_BENCH OR GETPUT_BUILD_TESTS)
  # Wrapped by schemes; only a program with every scheme in it needs them.
  getput_pkg_config(ck::ck ck libck-dev)
endif()

if(GETPUT_BUILD_BENCH)
  # liburcu-common has no .pc file of its own; every flavour's file links it.
  getput_pkg_config(urcu::cds liburcu-cds liburcu-dev)
  if(TARGET urcu::memb AND NOT TARGET urcu::common)
    find_library(GETPUT_URCU_COMMON urcu-common)
    if(GETPUT_URCU_COMMON)
      add_library(urcu::common UNKNOWN IMPORTED GLOBAL)
      set_target_properties(urcu::common PROPERTIES IMPORTED_LOCATION "${GETPUT_URCU_COMMON}")
    else()
      list(APPEND getput_missing_packages liburcu-dev)
    endif()
  endif()
  getput_pkg_config(hwloc::hwloc hwloc libhwloc-dev)
  getput_pkg_config(jemalloc::jemalloc jemalloc libjemalloc-dev)
  getput_pkg_config(pcap::pcap libpcap libpcap-dev)
  getput_cmake_package(benchmark::benchmark benchmark libbenchmark-dev)
  getput_cmake_package(CLI11::CLI11 CLI11 libcli11-dev)
  getput_cmake_package(nlohmann_json::nlohmann_json nlohmann_json nlohmann-json3-dev)
  getput_cmake_package(fmt::fmt fmt libfmt-dev)
endif()

# Libraries of header files, each for one scheme that wraps it. Only what is built here needs them:
# of the installed headers, only the one that includes them.
function(getput_headers name header debian)
  find_path(GETPUT_${name}_INCLUDE "${header}")
  if(GETPUT_${name}_INCLUDE)
    set(getput_header_folders ${getput_header_folders} "${GETPUT_${name}_INCLUDE}" PARENT_SCOPE)
  else()
    set(getput_missing_packages ${getput_missing_packages} ${debian} PARENT_SCOPE)
  endif()
endfunction()
set(getput_header_folders "")
if(GETPUT_BUILD_BENCH OR GETPUT_BUILD_TESTS)
  getput_headers(BOOST boost/smart_ptr/intrusive_ptr.hpp libboost-dev)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")  # Debian has it for no other
    getput_headers(XENIUM xenium/reclamation/hazard_pointer.hpp libxenium-dev)
  endif()
endif()

if(GETPUT_BUILD_TESTS AND NOT TARGET GTest::gtest_main)
  # A cross build has no GoogleTest for its target; Debian ships the sources for that case.
  set(GETPUT_GTEST_SOURCE "" CACHE PATH "Compile GoogleTest from this folder (/usr/src/googletest)")
  if(GETPUT_GTEST_SOURCE)
    set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
    add_subdirectory("${GETPUT_GTEST_SOURCE}" "${PROJECT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
    foreach(part IN ITEMS gtest gtest_main gmock gmock_main)
      if(TARGET ${part} AND NOT TARGET GTest::${part})
        add_library(GTest::${part} ALIAS ${part})
      endif()
    endforeach()
  else()
    getput_cmake_package(GTest::gtest_main GTest libgtest-dev)
  endif()
endif()

if(getput_missing_packages)
  list(REMOVE_DUPLICATES getput_missing_packages)
  list(JOIN getput_missing_packages " " getput_missing_text)
  message(FATAL_ERROR "getput: missing libraries; remedy: apt-get install ${getput_missing_text}")
endif()
