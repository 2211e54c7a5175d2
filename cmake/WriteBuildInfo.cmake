# SPDX-License-Identifier: MIT
# Run by the build (cmake -P): writes build_info.hpp, leaving the file alone when nothing changed.

set(BUILD_COMMIT "unknown")
set(BUILD_DIRTY false)
find_program(GIT git)
if(GIT)
  # safe.directory: a checkout mounted into a container belongs to somebody else.
  set(git_here "${GIT}" -c "safe.directory=${SOURCE_DIR}" -C "${SOURCE_DIR}")
  execute_process(COMMAND ${git_here} rev-parse --show-toplevel
    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE no_repository ERROR_QUIET)
  file(REAL_PATH "${SOURCE_DIR}" here)
  # An unpacked release inside somebody else's repository must not take that commit for its own.
  if(no_repository EQUAL 0 AND top STREQUAL here)
    execute_process(COMMAND ${git_here} rev-parse --short=12 HEAD
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
    if(failed EQUAL 0)
      set(BUILD_COMMIT "${commit}")
    endif()
    execute_process(COMMAND ${git_here} status --porcelain --untracked-files=no
      OUTPUT_VARIABLE changes ERROR_QUIET)
    if(NOT changes STREQUAL "")
      set(BUILD_DIRTY true)
    endif()
  endif()
endif()
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
