// SPDX-License-Identifier: MIT
// Relacy without the words that it takes away from everybody else (new, free, assert, $ ...).
// Included by the engine's sources only, after every other header.
#pragma once

#include <relacy/relacy.hpp>

#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef VAR

#include "tests/model/world.hpp"

namespace getput::model {

/// The place that a trace names.
inline rl::debug_info place(const Where& at) {
  return rl::debug_info(at.function_name(), at.file_name(), at.line());
}

}  // namespace getput::model
