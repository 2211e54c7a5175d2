// SPDX-License-Identifier: MIT
// liburcu's "bulletproof" flavour: as memb, and a thread is registered by its first section.
#pragma once

#include "urcu_domain.hpp"

#if !defined(GETPUT_TSAN)
#include <urcu/tls-compat.h>
#pragma push_macro("URCU_TLS_STORAGE_CLASS")
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#include <urcu/static/urcu-bp.h>
#pragma pop_macro("URCU_TLS_STORAGE_CLASS")
#endif

extern "C" {
void urcu_bp_synchronize_rcu();
void urcu_bp_call_rcu(rcu_head* head, void (*func)(rcu_head*));
void urcu_bp_barrier();
}

namespace getput::machine {

namespace urcu {
#if defined(GETPUT_TSAN)
void bp_read_lock() noexcept __asm__("urcu_bp_read_lock");
void bp_read_unlock() noexcept __asm__("urcu_bp_read_unlock");
#else
inline void bp_read_lock() noexcept {
  _urcu_bp_read_lock();
}
inline void bp_read_unlock() noexcept {
  _urcu_bp_read_unlock();
}
#endif
}  // namespace urcu

struct UrcuBpFlavour {
  static constexpr const char* kGuardName = "urcu bp guard";
  static void enter() {}
  static void leave() {}
  static void read_lock() noexcept { urcu::bp_read_lock(); }
  static void read_unlock() noexcept { urcu::bp_read_unlock(); }
  static void synchronize() { urcu_bp_synchronize_rcu(); }
  static void call(rcu_head* head, void (*func)(rcu_head*)) { urcu_bp_call_rcu(head, func); }
  static void barrier() { urcu_bp_barrier(); }
};

using RcuBpDomain = UrcuDomain<UrcuBpFlavour>;

}  // namespace getput::machine
