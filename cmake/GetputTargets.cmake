# SPDX-License-Identifier: MIT
# How a library or a test of this tree is made: language, warnings, sanitizers, include root.
#
#   getput_library(getput_topology SOURCES a.cpp b.cpp [LIBS public...] [PRIVATE_LIBS private...])
#     a static library with the alias getput::topology
#   getput_executable(getput-bench SOURCES main.cpp [LIBS ...])
#   getput_plugin(udp SOURCES udp.cpp [LIBS ...])        a MODULE library without "lib" prefix
#   getput_test(topology_test SOURCES a.cpp [LIBS ...] [LABELS unit])
#     a GoogleTest program, every test of it known to ctest
#   getput_defaults(target)                              the same defaults for any other target
#   getput_parse_once(bench/precompiled.hpp owner target other_target)
#     parses the header once for all units of the targets
#   getput_unit_each_scheme(target bench/program/register_all.hpp)
#     the same for a target that has a unit for each scheme

include_guard(GLOBAL)

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)

include(GNUInstallDirs)
include(BuildInfo)

add_library(getput_options INTERFACE)
target_compile_features(getput_options INTERFACE cxx_std_20)
target_include_directories(getput_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(getput_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wcast-qual
  $<$<BOOL:${GETPUT_WERROR}>:-Werror>
  $<$<BOOL:${GETPUT_NATIVE}>:-march=native>)
target_link_libraries(getput_options INTERFACE Threads::Threads)
# g++ takes 7 % less CPU time where it does not collect its garbage, and up to 1 GB a unit.
cmake_host_system_information(RESULT getput_memory_mib QUERY TOTAL_PHYSICAL_MEMORY)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND getput_memory_mib GREATER 8000)
  target_compile_options(getput_options INTERFACE --param=ggc-min-expand=1000 --param=ggc-min-heapsize=2000000)
endif()
if(GETPUT_SANITIZE)
  # Frame pointers for readable reports; recovery off so that a finding fails the test.
  target_compile_options(getput_options INTERFACE
    -fsanitize=${GETPUT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(getput_options INTERFACE -fsanitize=${GETPUT_SANITIZE})
  if(GETPUT_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ warns at every fence; the machine annotates what ThreadSanitizer cannot see.
    target_compile_options(getput_options INTERFACE -Wno-tsan)
  endif()
endif()

function(getput_defaults target)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:getput_options>)
endfunction()

# Shared by the four below: sources may come after SOURCES or directly after the name.
macro(getput_parse)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS;PRIVATE_LIBS;LABELS" ${ARGN})
  list(APPEND ARG_SOURCES ${ARG_UNPARSED_ARGUMENTS})
endmacro()

function(getput_library name)
  getput_parse(${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  string(REGEX REPLACE "^getput_" "" short "${name}")
  if(NOT short STREQUAL name)
    add_library(getput::${short} ALIAS ${name})
  endif()
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC ${ARG_LIBS} PRIVATE ${ARG_PRIVATE_LIBS})
  getput_defaults(${name})
endfunction()

function(getput_executable name)
  getput_parse(${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} ${ARG_PRIVATE_LIBS})
  getput_defaults(${name})
endfunction()

# getput_parse_once(HEADER OWNER TARGET...): what the header includes is parsed once for all units of the
# targets: g++ compiles it first. A later call with the same owner adds targets to it. Not for clang 14,
# which crashes where it instantiates a template with asm goto (rseq) out of a precompiled header;
# getput_unit_each_scheme() compiles several units as one there.
#
# Both hide that a header does not include what it needs. bench/ and tests/ are compiled by both
# compilers, and each hides it for other headers; every scheme's header also has a unit where nothing is
# hidden: the one of the model checks, or the one of the instruction check (GetputScheme.cmake).
function(getput_parse_once header owner)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  set(targets ${ARGN})
  get_target_property(parsed ${owner} PRECOMPILE_HEADERS)
  if(NOT parsed)
    target_precompile_headers(${owner} PRIVATE "${PROJECT_SOURCE_DIR}/${header}")
    list(APPEND targets ${owner})
  endif()
  foreach(target IN LISTS targets)
    if(NOT target STREQUAL owner)
      target_precompile_headers(${target} REUSE_FROM ${owner})
    endif()
    # What ccache needs to look behind it (see its manual, and scripts/lib/common.sh).
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endforeach()
endfunction()

# getput_compile_together(COUNT TARGET...): so many units of a target are compiled as one; what they include
# and instantiate alike costs its time once. Their anonymous namespaces are one, too.
function(getput_compile_together count)
  set_target_properties(${ARGN} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${count})
endfunction()

# getput_without_checks(TARGET CHECK...): UndefinedBehaviorSanitizer without these, which cost compile time
# and whose findings are AddressSanitizer's, too: a null pointer, an access outside of an object, a dead
# object. A library, linked last, because the compiler takes what comes last.
function(getput_without_checks target)
  if(GETPUT_SANITIZE MATCHES "undefined")
    list(JOIN ARGN "," checks)
    add_library(${target}_sanitizers INTERFACE)
    target_compile_options(${target}_sanitizers INTERFACE -fno-sanitize=${checks})
    target_link_libraries(${target} PRIVATE ${target}_sanitizers)
  endif()
endfunction()

# For a target with a unit for each scheme: getput_parse_once() for g++, and for clang the units in groups.
function(getput_unit_each_scheme target header)
  getput_parse_once(${header} ${target})
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    getput_compile_together(6 ${target})
  endif()
endfunction()

function(getput_plugin name)
  getput_parse(${ARGN})
  add_library(${name} MODULE ${ARG_SOURCES})
  set_property(GLOBAL APPEND PROPERTY GETPUT_PLUGINS ${name})
  # A unique symbol or a visible template instance would pin the object: dlclose must unmap it.
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} ${ARG_PRIVATE_LIBS})
  getput_defaults(${name})
endfunction()

function(getput_test name)
  getput_parse(${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} ${ARG_PRIVATE_LIBS} GTest::gtest_main)
  getput_defaults(${name})
  # Line tables are for perf: without them a test of the Release build compiles in 85 % of the time.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-g0>)
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
endfunction()
