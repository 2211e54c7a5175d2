// SPDX-License-Identifier: MIT
// Adding to a word that only this thread writes and others may read at any time.
//
// Limits: a signal handler that counts in the same word is one more writer. On x86-64 the add is
// one instruction, which a handler cannot divide; elsewhere, and under ThreadSanitizer, what a
// handler adds between the load and the store is lost, so there handlers must not get or put.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../modular.hpp"
#include "annotate.hpp"

namespace getput::machine {

/// *word += delta, not atomic against other writers. Release; a compiler barrier on both sides.
inline void local_add(std::int64_t* word, std::int64_t delta) noexcept {
  std::atomic_ref shared(*word);
  shared.store(modular_sum(shared.load(std::memory_order_relaxed), delta),
               std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Where this thread's copies of thread-local variables are counted from. Read anew at each call:
/// a compiler takes __builtin_thread_pointer() for a constant of the function and keeps it across a
/// call that resumes a fibre on another thread (GCC bug 26461, llvm-project issue 98479).
inline char* thread_pointer() noexcept {
  char* pointer;
#if defined(__x86_64__)
  asm volatile("{movq %%fs:0, %[pointer]|mov %[pointer], QWORD PTR fs:0}"
               : [pointer] "=r"(pointer));
#elif defined(__aarch64__)
  asm volatile("mrs %[pointer], tpidr_el0" : [pointer] "=r"(pointer));
#else
  pointer = static_cast<char*>(__builtin_thread_pointer());
#endif
  return pointer;
}

/// local_add() to the word at thread_pointer() + @p offset + Displacement. On x86-64 one add
/// relative to %fs: the processor then forwards the store of the previous add under its register
/// name instead of through memory, and a get/put pair costs a third less than through a pointer.
template <std::ptrdiff_t Displacement>
inline void local_add_at(std::ptrdiff_t offset, std::int64_t delta) noexcept {
#if defined(__x86_64__) && !defined(GETPUT_TSAN)
  asm volatile(
      "{addq %[delta], %%fs:%c[displacement](%[offset])|"
      "add QWORD PTR fs:[%[offset]+%c[displacement]], %[delta]}"
      :
      : [delta] "er"(delta), [offset] "r"(offset), [displacement] "i"(Displacement)
      : "cc", "memory");
#else
  local_add(reinterpret_cast<std::int64_t*>(thread_pointer() + offset + Displacement), delta);
#endif
}

}  // namespace getput::machine
