// SPDX-License-Identifier: MIT
// rcu_memb: no count; being inside is a read-side section of liburcu's membarrier flavour.
//
// What, where from, invariants, ordering, limits: read_section.hpp.
//
// Cost: two plain stores to memory of this thread and a look at going_; the remover calls
// membarrier(2) twice for a grace period. No memory per module beyond its own 16 bytes; 256 bytes a
// thread for all modules (liburcu's reader).
#pragma once

#include "../machine/native.hpp"
#include "../machine/urcu_memb.hpp"
#include "../scheme.hpp"
#include "read_section.hpp"

namespace getput {

template <class M = machine::Native>
class RcuMemb : public ReadSection<M, typename M::RcuMemb> {
 public:
  using ThreadGuard = typename M::RcuMemb::ThreadGuard;

  static constexpr SchemeInfo info{
      .name = "rcu_memb",
      .summary = "RCU read-side section, removal by grace period (liburcu, membarrier flavour)",
      .origin = "liburcu 0.13; Linux synchronize_rcu()",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .try_stop = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 16,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_membarrier = true,
      .needs_registration = true,
  };

  RcuMemb() { M::require(info); }
};

}  // namespace getput
