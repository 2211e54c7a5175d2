// SPDX-License-Identifier: MIT
// Adding to a word that only this thread writes and others may read at any time.
#pragma once

#include <atomic>
#include <cstdint>

#include "annotate.hpp"

namespace getput::machine {

/// *word += delta, not atomic against other writers. Release; a compiler barrier on both sides.
/// On x86-64 one add to memory: compilers turn the portable form into load, add and store, which
/// costs a tenth more in a get/put loop.
inline void local_add(std::int64_t* word, std::int64_t delta) noexcept {
#if defined(__x86_64__) && !defined(GETPUT_TSAN)
  asm volatile("addq %[delta], %[word]"
               : [word] "+m"(*word)
               : [delta] "er"(delta)
               : "cc", "memory");
#else
  std::atomic_ref shared(*word);
  shared.store(shared.load(std::memory_order_relaxed) + delta, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace getput::machine
