// SPDX-License-Identifier: MIT
// liburcu's "mb" flavour: a full barrier at each end of a read-side section, no system call.
#pragma once

#include "urcu_domain.hpp"

#if !defined(GETPUT_TSAN)
#include <urcu/tls-compat.h>
#pragma push_macro("URCU_TLS_STORAGE_CLASS")
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#include <urcu/static/urcu-mb.h>
#pragma pop_macro("URCU_TLS_STORAGE_CLASS")
#endif

extern "C" {
void urcu_mb_register_thread();
void urcu_mb_unregister_thread();
void urcu_mb_synchronize_rcu();
void urcu_mb_call_rcu(rcu_head* head, void (*func)(rcu_head*));
void urcu_mb_barrier();
}

namespace getput::machine {

namespace urcu {
#if defined(GETPUT_TSAN)
void mb_read_lock() noexcept __asm__("urcu_mb_read_lock");
void mb_read_unlock() noexcept __asm__("urcu_mb_read_unlock");
#else
inline void mb_read_lock() noexcept {
  _urcu_mb_read_lock();
}
[[gnu::always_inline]] inline void mb_read_unlock() noexcept {
  _urcu_mb_read_unlock();
}
#endif
}  // namespace urcu

struct UrcuMbFlavour {
  static constexpr const char* kGuardName = "urcu mb guard";
  static void enter() { urcu_mb_register_thread(); }
  static void leave() { urcu_mb_unregister_thread(); }
  static void read_lock() noexcept { urcu::mb_read_lock(); }
  [[gnu::always_inline]] static void read_unlock() noexcept { urcu::mb_read_unlock(); }
  static void synchronize() { urcu_mb_synchronize_rcu(); }
  static void call(rcu_head* head, void (*func)(rcu_head*)) { urcu_mb_call_rcu(head, func); }
  static void barrier() { urcu_mb_barrier(); }
};

using RcuMbDomain = UrcuDomain<UrcuMbFlavour>;

}  // namespace getput::machine
