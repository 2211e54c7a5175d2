// SPDX-License-Identifier: MIT
// srcu_fast: srcu without a barrier in the reader; the remover issues a membarrier per scan
// instead.
//
// What, invariants, ordering, limits: srcu_domain.hpp. B and C order only the compiler. A is a
// membarrier, which is a full barrier in every reader: the Dekker of E2 is an asymmetric one.
//
// Where from: Linux 6.15 to today, include/linux/srcutree.h and kernel/rcu/srcutree.c (Paul
// McKenney, "srcu: Add SRCU-fast readers", c4020620528e, January 2025). __srcu_read_lock_fast() is
// this_cpu_inc() and barrier(), without smp_mb(). srcu_readers_active_idx_check() executes
// synchronize_rcu() between its sums, or synchronize_rcu_expedited() in an expedited grace period,
// where SRCU has smp_mb(): this_cpu_inc() is an RCU reader by itself. srcu_down_read_fast() and
// srcu_up_read_fast() hand a reader over. Since "rcu: Re-implement RCU Tasks Trace in terms of
// SRCU-fast" (c27cea4416a3) rcu_read_lock_tasks_trace() is an SRCU-fast reader. SRCU-lite, its
// predecessor, has been removed again. Ours on this machine layer.
//
// Cost: one rseq section each in get and put, nothing locked; 32 bytes per CPU and module. Removal:
// two membarriers, and a third if the remover sleeps.
//
// Differences from the kernel: a membarrier takes microseconds, synchronize_rcu() milliseconds. A
// scan that finds more entries than exits knows without A that the bank is in use. A remover that
// polls a held module therefore issues no membarrier; the kernel waits for a grace period in every
// scan.
//
// Limits: those of srcu_domain.hpp. Outside the C++ memory model also because E2 rests on
// membarrier(2). One membarrier in stop() would do, because readers check a flag; there is one per
// scan because SRCU-fast has one per scan.
//
// References: the comment of __srcu_read_lock_fast() in include/linux/srcutree.h.
#pragma once

#include "../machine/native.hpp"
#include "../scheme.hpp"
#include "srcu_domain.hpp"

namespace getput {

/// SRCU-fast's: the remover pays for the readers' order.
template <class M>
struct SrcuFastBarriers {
  static constexpr bool kScanIsExpensive = true;
  static void after_entry() noexcept { M::light_barrier(); }   // B
  static void before_exit() noexcept { M::light_barrier(); }   // C
  static void between_sums() noexcept { M::heavy_barrier(); }  // A
};

template <class M = machine::Native>
class SrcuFast : public SrcuModule<M, SrcuFastBarriers<M>> {
 public:
  static constexpr SchemeInfo info{
      .name = "srcu_fast",
      .summary = "SRCU-fast, a domain for each module: no barrier in the reader",
      .origin = "Linux 6.15 to today, include/linux/srcutree.h",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 24,
      .bytes_per_cpu = 32,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  SrcuFast() { M::require(info); }
};

}  // namespace getput
