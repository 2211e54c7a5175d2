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

#include "rseq_abi.hpp"
// Each is empty where another one applies.
#include "rseq_aarch64.hpp"
#include "rseq_none.hpp"
#include "rseq_x86_64.hpp"

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
