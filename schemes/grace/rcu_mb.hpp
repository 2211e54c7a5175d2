// SPDX-License-Identifier: MIT
// rcu_mb: no count; being inside is a read-side section of liburcu's full-barrier flavour.
//
// What, where from, invariants, ordering, limits: read_section.hpp. This was liburcu's first
// flavour, and is what it offers where the kernel has no membarrier(2).
//
// Cost: the reader pays for both sides: a full barrier when it enters and two when it leaves (one
// before its store, for the section; one after, for the wake-up of a waiting remover). On x86-64
// liburcu writes them as mfence, which the figures below count as locked instructions. A nested
// section costs two plain stores. The remover makes no system call, so its grace period is the
// shortest of the flavours.
#pragma once

#include "../machine/native.hpp"
#include "../machine/urcu_mb.hpp"
#include "../scheme.hpp"
#include "read_section.hpp"

namespace getput {

template <class M = machine::Native>
class RcuMb : public ReadSection<M, typename M::RcuMb> {
 public:
  using ThreadGuard = typename M::RcuMb::ThreadGuard;

  static constexpr SchemeInfo info{
      .name = "rcu_mb",
      .summary = "RCU read-side section, removal by grace period (liburcu, full-barrier flavour)",
      .origin = "liburcu 0.13; Linux synchronize_rcu()",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .try_stop = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 16,
      .locked_in_get = 1,
      .locked_in_put = 2,
      .needs_registration = true,
  };

  RcuMb() { M::require(info); }
};

}  // namespace getput
