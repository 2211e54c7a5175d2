// SPDX-License-Identifier: MIT
// Restartable sequences: "add to this CPU's word" as one unit that the kernel restarts if the
// thread is preempted, migrated or signalled inside it. The user-space form of
// preempt_disable(); check; this_cpu_inc(); preempt_enable().
//
// The section ends with its one store (the commit). glibc 2.35 and later registers every thread.
// x86-64: rseq_x86_64.hpp. aarch64: rseq_aarch64.hpp. Elsewhere the schemes that need rseq are
// reported as not available.
//
// Limits: a section's descriptor stays published after its end, until the kernel looks at it next.
// Code with sections in it must therefore not be unmapped while a thread that ran one lives: the
// kernel would look for the descriptor and end the process. So a shared library with sections in it
// stays mapped after dlclose() (image.hpp). The suite's own plugins reach a scheme through the
// program (modules/plugin_abi.h); they have no section and do go away.
//
// Source: Linux include/uapi/linux/rseq.h, kernel/rseq.c; glibc manual, "Restartable Sequences".
#pragma once

#include <cstddef>
#include <cstdint>

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define GETPUT_LIBC_RSEQ 1
#endif

namespace getput::machine {

/// Bytes of memory for each CPU in one mapping of per-CPU words.
inline constexpr std::size_t kCpuUnitBytes = std::size_t{512} << 10;

/// Bytes from one CPU's copy of a per-CPU word to the next CPU's. A constant, so that a section
/// finds its word with one multiplication; a cache line more than the unit, so that the copies of
/// one word do not all fall into one cache set.
inline constexpr std::size_t kCpuStride = kCpuUnitBytes + 64;

}  // namespace getput::machine

#if defined(GETPUT_LIBC_RSEQ) && defined(__x86_64__)
#include "rseq_x86_64.hpp"
#elif defined(GETPUT_LIBC_RSEQ) && defined(__aarch64__)
#include "rseq_aarch64.hpp"
#else
#include "rseq_none.hpp"
#endif

namespace getput::machine {

/// Did libc register rseq with the kernel? False also under qemu-user and with the glibc tunable
/// glibc.pthread.rseq=0.
inline bool rseq_available() noexcept {
#if defined(GETPUT_LIBC_RSEQ)
  return rseq_arch::kSupported && __rseq_size != 0;
#else
  return false;
#endif
}

}  // namespace getput::machine
