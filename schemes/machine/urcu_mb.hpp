// SPDX-License-Identifier: MIT
// liburcu's "mb" flavour: a full barrier at each end of a read-side section, no system call.
#pragma once

#include "urcu_domain.hpp"

namespace getput::machine {

struct UrcuMbFlavour {
  static void enter() { urcu_mb_register_thread(); }
  static void leave() { urcu_mb_unregister_thread(); }
  static void read_lock() noexcept { urcu_mb_read_lock(); }
  [[gnu::always_inline]] static void read_unlock() noexcept { urcu_mb_read_unlock(); }
  static void synchronize() { urcu_mb_synchronize_rcu(); }
  static void call(rcu_head* head, void (*func)(rcu_head*)) {
    urcu_mb_flavor.update_call_rcu(head, func);
  }
  static void barrier() { urcu_mb_flavor.barrier(); }
};

using RcuMbDomain = UrcuDomain<UrcuMbFlavour>;

}  // namespace getput::machine
