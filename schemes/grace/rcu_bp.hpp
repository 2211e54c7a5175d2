// SPDX-License-Identifier: MIT
// rcu_bp: no count; being inside is a read-side section of liburcu's "bulletproof" flavour, which
// needs no registration.
//
// What, where from, invariants, ordering, limits: read_section.hpp. The flavour was made for
// tracers that are loaded into programs they know nothing of (LTTng-UST), which is a module's
// position, too: whoever calls may be a thread that nobody has prepared.
//
// Cost: as rcu_memb, and a look whether this thread has a reader record yet, which is reached
// through a pointer. The first section of a thread takes a lock and memory; the record is given
// back when the thread exits.
#pragma once

#include "../machine/native.hpp"
#include "../machine/urcu_bp.hpp"
#include "../scheme.hpp"
#include "read_section.hpp"

namespace getput {

template <class M = machine::Native>
class RcuBp : public ReadSection<M, typename M::RcuBp> {
 public:
  static constexpr SchemeInfo info{
      .name = "rcu_bp",
      .summary = "RCU read-side section without registration (liburcu, bulletproof flavour)",
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
  };

  RcuBp() { M::require(info); }
};

}  // namespace getput
