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
#include "atomic_ref.hpp"

namespace getput::machine {

/// Adds @p delta to the word at @p base + Displacement, not atomic against other writers. Release;
/// a compiler barrier on both sides. On x86-64 one add by a plain base register: the next add of
/// the same word then takes its value from the first by the register's name, not through memory.
template <std::ptrdiff_t Displacement = 0>
void local_add(char* base, std::int64_t delta) noexcept {
#if defined(__x86_64__) && !defined(GETPUT_TSAN)
  asm volatile(
      "{addq %[delta], %c[displacement](%[base])|"
      "add QWORD PTR [%[base]+%c[displacement]], %[delta]}"
      :
      : [delta] "er"(delta), [base] "r"(base), [displacement] "i"(Displacement)
      : "cc", "memory");
#else
  const AtomicRef<std::int64_t> shared(*reinterpret_cast<std::int64_t*>(base + Displacement));
  shared.store(modular_sum(shared.load(std::memory_order_relaxed), delta),
               std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
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

}  // namespace getput::machine
