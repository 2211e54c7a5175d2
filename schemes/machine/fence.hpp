// SPDX-License-Identifier: MIT
// The full fence, as cheap as the processor has it, in a form that ThreadSanitizer understands too.
//
// On x86-64 every locked instruction is a full fence for ordinary (write-back) memory, and
// `lock addl $0` on the stack costs less than `mfence`, which also waits for write-combining stores
// that no scheme makes. g++ compiles atomic_thread_fence(seq_cst) to the former, clang 14 to the
// latter (decision 50), so the instruction is written out here. -4(%rsp) and not (%rsp): the word
// at the top of the stack may have a load or store in flight, the return address for example, which
// the add would have to wait for. Four bytes below the stack pointer lie in the red zone, where the
// compiler may keep a variable; adding zero in one locked step changes no value, also where a
// signal handler runs in between or where another thread writes that variable.
//
// Source: Linux arch/x86/include/asm/barrier.h, __smp_mb(); Intel SDM volume 3, 9.2.2 and 9.2.5;
// System V ABI for AMD64, 3.2.2 (red zone).
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
#elif defined(__x86_64__)
  asm volatile("lock {addl $0, -4(%%rsp)|add DWORD PTR [rsp-4], 0}" : : : "cc", "memory");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace getput::machine
