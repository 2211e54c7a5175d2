// SPDX-License-Identifier: MIT
// srcu: sleepable RCU with a domain for each module; per-CPU counts of entries and exits in two
// banks, and a remover that scans both.
//
// What, invariants, ordering, limits: srcu_domain.hpp. All three barriers A, B and C are full
// barriers, as smp_mb() in the kernel.
//
// Where from: Linux 2.6.19 to today, kernel/rcu/srcutree.c (Paul McKenney 2006; the two one-way
// counters a bank came in 2017). Handing the index over to another thread is srcu_down_read() and
// srcu_up_read() there. Ours on this machine layer.
//
// Cost: one rseq section and one full barrier each in get and put; 32 bytes a CPU and module. The
// kernel shares domains because one costs two cache lines a CPU there; here a domain belongs to a
// module, so no removal waits for another module's callers. Removal: sums over the possible CPUs.
#pragma once

#include "../machine/native.hpp"
#include "../scheme.hpp"
#include "srcu_domain.hpp"

namespace getput {

/// SRCU's own: the reader pays for its order.
template <class M>
struct SrcuBarriers {
  static constexpr bool kScanIsExpensive = false;
  static void after_entry() noexcept { M::full_barrier(); }   // B
  static void before_exit() noexcept { M::full_barrier(); }   // C
  static void between_sums() noexcept { M::full_barrier(); }  // A
};

template <class M = machine::Native>
class Srcu : public SrcuModule<M, SrcuBarriers<M>> {
 public:
  static constexpr SchemeInfo info{
      .name = "srcu",
      .summary = "SRCU, a domain for each module: entries and exits in two banks per CPU",
      .origin = "Linux 2.6.19 to today, kernel/rcu/srcutree.c",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 24,
      .bytes_per_cpu = 32,
      .locked_in_get = 1,
      .locked_in_put = 1,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  Srcu() { M::require(info); }
};

}  // namespace getput
