# SPDX-License-Identifier: MIT
# getput_instructions(target OUTPUT file.json SOURCES probe_a.cpp ...): what get and put compile to.
#
# Compiles the probes with the flags of everything else (they are never linked) and has
# scripts/getputlib/instructions.py count what stands on their straight lines. Elsewhere than on
# x86-64 the file says that there is no such check.

include_guard(GLOBAL)

function(getput_instructions target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "OUTPUT" "SOURCES")
  add_library(${target}_probes OBJECT ${ARG_SOURCES})
  target_link_libraries(${target}_probes PRIVATE getput::wrapped_libraries)
  getput_defaults(${target}_probes)

  find_program(GETPUT_OBJDUMP NAMES objdump REQUIRED DOC "binutils, which come with the compiler")
  set(reader "${PROJECT_SOURCE_DIR}/scripts/getputlib/instructions.py"
    "${PROJECT_SOURCE_DIR}/scripts/getputlib/straight_line.py")
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  string(STRIP "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}" flags)
  # The list of objects is a file: it is longer than some shells take.
  set(list "${CMAKE_CURRENT_BINARY_DIR}/${target}_objects.txt")
  file(GENERATE OUTPUT "${list}" CONTENT "$<JOIN:$<TARGET_OBJECTS:${target}_probes>,\n>\n")
  add_custom_command(OUTPUT "${ARG_OUTPUT}"
    COMMAND "${CMAKE_COMMAND}" -E env "PYTHONPATH=${PROJECT_SOURCE_DIR}/scripts"
      /usr/bin/python3 -B -m getputlib.instructions --objdump "${GETPUT_OBJDUMP}"
      --architecture "${CMAKE_SYSTEM_PROCESSOR}"
      --compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" "--flags=${flags}"
      --objects "${list}" --out "${ARG_OUTPUT}"
    DEPENDS $<TARGET_OBJECTS:${target}_probes> "${list}" ${reader}
    COMMENT "Reading what get and put compile to" VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${ARG_OUTPUT}")
endfunction()
