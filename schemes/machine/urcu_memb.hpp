// SPDX-License-Identifier: MIT
// liburcu's "memb" flavour: readers order nothing but the compiler, writers call membarrier(2).
#pragma once

#include "urcu_domain.hpp"

#if !defined(GETPUT_TSAN)
#include <urcu/tls-compat.h>
#pragma push_macro("URCU_TLS_STORAGE_CLASS")
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#include <urcu/static/urcu-memb.h>
#pragma pop_macro("URCU_TLS_STORAGE_CLASS")
#endif

extern "C" {
void urcu_memb_register_thread();
void urcu_memb_unregister_thread();
void urcu_memb_synchronize_rcu();
void urcu_memb_call_rcu(rcu_head* head, void (*func)(rcu_head*));
void urcu_memb_barrier();
}

namespace getput::machine {

namespace urcu {
#if defined(GETPUT_TSAN)
void memb_read_lock() noexcept __asm__("urcu_memb_read_lock");
void memb_read_unlock() noexcept __asm__("urcu_memb_read_unlock");
#else
inline void memb_read_lock() noexcept {
  _urcu_memb_read_lock();
}
[[gnu::always_inline]] inline void memb_read_unlock() noexcept {
  _urcu_memb_read_unlock();
}
#endif
}  // namespace urcu

struct UrcuMembFlavour {
  static constexpr const char* kGuardName = "urcu memb guard";
  static void enter() { urcu_memb_register_thread(); }
  static void leave() { urcu_memb_unregister_thread(); }
  static void read_lock() noexcept { urcu::memb_read_lock(); }
  [[gnu::always_inline]] static void read_unlock() noexcept { urcu::memb_read_unlock(); }
  static void synchronize() { urcu_memb_synchronize_rcu(); }
  static void call(rcu_head* head, void (*func)(rcu_head*)) { urcu_memb_call_rcu(head, func); }
  static void barrier() { urcu_memb_barrier(); }
};

using RcuMembDomain = UrcuDomain<UrcuMembFlavour>;

}  // namespace getput::machine
