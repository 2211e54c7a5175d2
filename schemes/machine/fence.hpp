// SPDX-License-Identifier: MIT
// The full fence, in a form that ThreadSanitizer understands too.
#pragma once

#include <atomic>

#include "annotate.hpp"

namespace getput::machine {

/// A sequentially consistent fence. ThreadSanitizer does not model fences: there it is a
/// read-modify-write that all fences share, which orders at least as much.
inline void full_fence() noexcept {
#if defined(GETPUT_TSAN)
  static std::atomic<int> shared{0};
  shared.fetch_add(1, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace getput::machine
