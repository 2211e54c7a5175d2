// SPDX-License-Identifier: MIT
// liburcu's "bulletproof" flavour: as memb, and a thread is registered by its first section.
#pragma once

#include "urcu_domain.hpp"

namespace getput::machine {

struct UrcuBpFlavour {
  static constexpr const char* kGuardName = "urcu bp guard";
  static void enter() {}
  static void leave() {}
  static void read_lock() noexcept { urcu_bp_read_lock(); }
  static void read_unlock() noexcept { urcu_bp_read_unlock(); }
  static void synchronize() { urcu_bp_synchronize_rcu(); }
  static void call(rcu_head* head, void (*func)(rcu_head*)) {
    urcu_bp_flavor.update_call_rcu(head, func);
  }
  static void barrier() { urcu_bp_flavor.barrier(); }
};

using RcuBpDomain = UrcuDomain<UrcuBpFlavour>;

}  // namespace getput::machine
