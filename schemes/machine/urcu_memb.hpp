// SPDX-License-Identifier: MIT
// liburcu's "memb" flavour: readers order nothing but the compiler, writers call membarrier(2).
#pragma once

#include "urcu_domain.hpp"

namespace getput::machine {

struct UrcuMembFlavour {
  static void enter() { urcu_memb_register_thread(); }
  static void leave() { urcu_memb_unregister_thread(); }
  static void read_lock() noexcept { urcu_memb_read_lock(); }
  [[gnu::always_inline]] static void read_unlock() noexcept { urcu_memb_read_unlock(); }
  static void synchronize() { urcu_memb_synchronize_rcu(); }
  static void call(rcu_head* head, void (*func)(rcu_head*)) {
    urcu_memb_flavor.update_call_rcu(head, func);
  }
  static void barrier() { urcu_memb_flavor.barrier(); }
};

using RcuMembDomain = UrcuDomain<UrcuMembFlavour>;

}  // namespace getput::machine
