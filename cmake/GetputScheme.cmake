# SPDX-License-Identifier: MIT
# getput_scheme(distributed/percpu_ref): the one line that makes a scheme part of everything.
#
# The header schemes/distributed/percpu_ref.hpp defines the template PercpuRef. The line generates
# two translation units for the benchmark binaries (what --quick measures, and what only --paper
# does), one for the contract tests, one for the model checks and one for the instruction check.
# bench/ and tests/ read them from the global properties GETPUT_BENCH_SCHEME_SOURCES,
# GETPUT_PAPER_SCHEME_SOURCES, GETPUT_CONTRACT_SCHEME_SOURCES, GETPUT_MODEL_SCHEME_SOURCES and
# GETPUT_PROBE_SCHEME_SOURCES. GETPUT_CONTRACT_NOT_SANITIZED is a part of the third,
# GETPUT_HEADER_CHECK_SOURCES are the probes of schemes without a model check.
# Each unit includes the header first, and one of them is compiled without a precompiled header, so that
# a header that does not stand alone fails to compile.
# The names are in GETPUT_SCHEMES, as <folder>/<name>.
#
# ERAS, LEVELS and LOCKED say for which schemes --quick compiles more of the packet path than L6 and L7
# of one era (bench/program/register_paths.hpp).
#
# SANITIZED marks the schemes whose contract scripts/test --asan and --tsan run; --asan-contract and
# --tsan-contract run it for all. The model checker sees races and uses of dead objects in a scheme's
# protocol, but neither the machine layer that it runs on here nor code of other projects: marked is one scheme
# for each part of that layer, and every NOT_MODELLED one is, too.
#
# A scheme that is another project's code does not run on the machine layer, so there is nothing to
# model: getput_scheme(grace/rcu_qsbr NOT_MODELLED "liburcu's own code").

include_guard(GLOBAL)

# getput_scheme_class(distributed/percpu_ref CLASS): the name of its class template, PercpuRef.
function(getput_scheme_class path result)
  string(REGEX REPLACE "^.*/" "" name "${path}")
  set(class "")
  string(REPLACE "_" ";" words "${name}")
  foreach(word IN LISTS words)
    string(SUBSTRING "${word}" 0 1 first)
    string(SUBSTRING "${word}" 1 -1 rest)
    string(TOUPPER "${first}" first)
    string(APPEND class "${first}${rest}")
  endforeach()
  set(${result} "${class}" PARENT_SCOPE)
endfunction()

function(getput_scheme path)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "ERAS;LEVELS;LOCKED;SANITIZED" "NOT_MODELLED" "")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "getput_scheme(${path}): unknown ${ARG_UNPARSED_ARGUMENTS}; "
      "known: ERAS, LEVELS, LOCKED, SANITIZED, NOT_MODELLED \"reason\"")
  endif()
  if(NOT path MATCHES "^([a-z_]+)/([a-z][a-z0-9_]*)$")
    message(FATAL_ERROR "getput_scheme(${path}): write folder/name in snake_case, "
      "for example getput_scheme(distributed/percpu_ref)")
  endif()
  set(SCHEME_FOLDER "${CMAKE_MATCH_1}")
  set(SCHEME_NAME "${CMAKE_MATCH_2}")
  set(SCHEME_HEADER "schemes/${path}.hpp")
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/${SCHEME_HEADER}")
    message(FATAL_ERROR "getput_scheme(${path}): there is no ${SCHEME_HEADER}")
  endif()
  get_property(known GLOBAL PROPERTY GETPUT_SCHEMES)
  foreach(other IN LISTS known)
    if(other MATCHES "/${SCHEME_NAME}$")
      message(FATAL_ERROR "getput_scheme(${path}): the name ${SCHEME_NAME} is taken by ${other}")
    endif()
  endforeach()

  getput_scheme_class("${path}" SCHEME_CLASS)

  set(generated "${PROJECT_BINARY_DIR}/generated/schemes")
  set(templates "${PROJECT_SOURCE_DIR}/cmake/templates")
  set(register_source "${generated}/register_${SCHEME_NAME}.cpp")
  set(contract_source "${generated}/contract_${SCHEME_NAME}.cpp")
  configure_file("${templates}/register_scheme.cpp.in" "${register_source}" @ONLY)
  foreach(kind IN ITEMS ERAS LEVELS LOCKED PAPER)
    string(TOLOWER "${kind}" lower)
    set(SCHEME_PATHS "${kind}")
    set(paths_source "${generated}/${lower}_${SCHEME_NAME}.cpp")
    configure_file("${templates}/paths_scheme.cpp.in" "${paths_source}" @ONLY)
    if(kind STREQUAL PAPER)
      set_property(GLOBAL APPEND PROPERTY GETPUT_PAPER_SCHEME_SOURCES "${paths_source}")
    elseif(ARG_${kind} AND (NOT CMAKE_BUILD_TYPE STREQUAL "Debug" OR SCHEME_NAME STREQUAL "none"))
      set_property(GLOBAL APPEND PROPERTY GETPUT_BENCH_SCHEME_SOURCES "${paths_source}")
    endif()
  endforeach()
  configure_file("${templates}/contract_scheme.cpp.in" "${contract_source}" @ONLY)
  set(probe_source "${generated}/probe_${SCHEME_NAME}.cpp")
  configure_file("${templates}/probe_scheme.cpp.in" "${probe_source}" @ONLY)
  if(ARG_NOT_MODELLED)
    set_property(GLOBAL APPEND PROPERTY GETPUT_HEADER_CHECK_SOURCES "${probe_source}")
  else()
    set(model_source "${generated}/model_${SCHEME_NAME}.cpp")
    configure_file("${templates}/model_scheme.cpp.in" "${model_source}" @ONLY)
    set_property(GLOBAL APPEND PROPERTY GETPUT_MODEL_SCHEME_SOURCES "${model_source}")
  endif()
  set_property(GLOBAL APPEND PROPERTY GETPUT_SCHEMES "${path}")
  set_property(GLOBAL APPEND PROPERTY GETPUT_BENCH_SCHEME_SOURCES "${register_source}")
  set_property(GLOBAL APPEND PROPERTY GETPUT_CONTRACT_SCHEME_SOURCES "${contract_source}")
  if(NOT (ARG_SANITIZED OR ARG_NOT_MODELLED))
    set_property(GLOBAL APPEND PROPERTY GETPUT_CONTRACT_NOT_SANITIZED "${contract_source}")
  endif()
  set_property(GLOBAL APPEND PROPERTY GETPUT_PROBE_SCHEME_SOURCES "${probe_source}")
endfunction()

# getput_peer(dpdk_qsbr): the same for bench/peers/dpdk_qsbr.hpp, another project's code in the folder
# `peers` of lists and reports. It is in the binary, in the contract tests of bench/peers and in the
# instruction listing, and neither installed nor modelled. Properties: GETPUT_PEER_SOURCES,
# GETPUT_PAPER_PEER_SOURCES, GETPUT_CONTRACT_PEER_SOURCES; probes are with those of the schemes.
function(getput_peer name)
  set(SCHEME_FOLDER peers)
  set(SCHEME_NAME "${name}")
  set(SCHEME_HEADER "bench/peers/${name}.hpp")
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/${SCHEME_HEADER}")
    message(FATAL_ERROR "getput_peer(${name}): there is no ${SCHEME_HEADER}")
  endif()
  getput_scheme_class("${name}" SCHEME_CLASS)
  set(SCHEME_PATHS PAPER)
  foreach(pair IN ITEMS "register register_scheme GETPUT_PEER_SOURCES" "paper paths_scheme GETPUT_PAPER_PEER_SOURCES"
      "contract contract_scheme GETPUT_CONTRACT_PEER_SOURCES" "probe probe_scheme GETPUT_PROBE_SCHEME_SOURCES")
    string(REPLACE " " ";" pair "${pair}")
    list(POP_FRONT pair prefix template property)
    set(source "${PROJECT_BINARY_DIR}/generated/peers/${prefix}_${name}.cpp")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/templates/${template}.cpp.in" "${source}" @ONLY)
    set_property(GLOBAL APPEND PROPERTY ${property} "${source}")
  endforeach()
  set_property(GLOBAL APPEND PROPERTY GETPUT_HEADER_CHECK_SOURCES "${PROJECT_BINARY_DIR}/generated/peers/probe_${name}.cpp")
  set_property(GLOBAL APPEND PROPERTY GETPUT_PEERS_BUILT "${name}")
endfunction()
