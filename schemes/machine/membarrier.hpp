// SPDX-License-Identifier: MIT
// membarrier(2): the heavy half of the asymmetric barrier, the user-space form of what
// synchronize_sched() did for module removal that waits (2.6.27 to 3.12).
//
//   reader                        remover
//   x = 1                         y = 1
//   light_barrier()  (compiler)   heavy_barrier()  (membarrier: a full barrier on every running
//   read y                        read x            thread of this process, between two accesses)
// At least one of the two reads sees the other side's store.
//
// Source: membarrier(2); Linux kernel/sched/membarrier.c.
#pragma once

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fence.hpp"

namespace getput::machine {

class Membarrier {
 public:
  /// Private expedited barriers work in this process. Registers at the first call: registering a
  /// process that has threads costs a grace period in the kernel, so it must not happen in a trial.
  static bool available() noexcept { return probe().plain; }

  /// The variant that also restarts rseq critical sections works.
  static bool rseq_available() noexcept { return probe().rseq; }

  /// Every thread of this process passes a full memory barrier before this returns. Falls back to
  /// a fence where membarrier is missing; only schemes that do without it may then be used.
  static void heavy_barrier() noexcept {
    if (available())
      insist(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    full_fence();
  }

  /// As heavy_barrier(), and every rseq section that was running has finished or starts again.
  static void rseq_barrier() noexcept {
    if (rseq_available())
      insist(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
    full_fence();
  }

 private:
  struct Probe {
    bool plain;
    bool rseq;
  };

  static long call(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }

  /// The kernel may have no memory for its list of CPUs (ENOMEM), and later have some. Who went on
  /// without the barrier would take a module from under its callers.
  static void insist(int command) noexcept {
    while (call(command) != 0) {
      if (errno != ENOMEM) {
        std::fprintf(stderr, "getput: membarrier(%d) is refused now: %s\n", command,
                     std::strerror(errno));
        std::abort();
      }
      sched_yield();
    }
  }

  static const Probe& probe() noexcept {
    static const Probe result = [] {
      const long known = call(MEMBARRIER_CMD_QUERY);
      const auto offers = [known](int command) { return known > 0 && (known & command) != 0; };
      return Probe{offers(MEMBARRIER_CMD_PRIVATE_EXPEDITED) &&
                       call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0,
                   offers(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) &&
                       call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ) == 0};
    }();
    return result;
  }
};

}  // namespace getput::machine
