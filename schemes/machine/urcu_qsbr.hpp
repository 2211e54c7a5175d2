// SPDX-License-Identifier: MIT
// liburcu's "qsbr" flavour: a section costs nothing, because a thread says when it is in none. A
// registered thread that is online and does not say so holds up every grace period; so a thread is
// offline unless it is inside a section, or has asked to stay online for a while (Session).
//
// Going online and offline costs three full barriers. Who is online already (a nested section, a
// session, the packet loop of the benchmark) pays for counting only.
#pragma once

#include "urcu_domain.hpp"

#if !defined(GETPUT_TSAN)
#include <urcu/tls-compat.h>
#pragma push_macro("URCU_TLS_STORAGE_CLASS")
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#include <urcu/static/urcu-qsbr.h>
#pragma pop_macro("URCU_TLS_STORAGE_CLASS")
#endif

extern "C" {
void urcu_qsbr_register_thread();
void urcu_qsbr_unregister_thread();
void urcu_qsbr_synchronize_rcu();
void urcu_qsbr_call_rcu(rcu_head* head, void (*func)(rcu_head*));
void urcu_qsbr_barrier();
}

namespace getput::machine {

namespace urcu {
#if defined(GETPUT_TSAN)
void qsbr_thread_online() noexcept __asm__("urcu_qsbr_thread_online");
void qsbr_thread_offline() noexcept __asm__("urcu_qsbr_thread_offline");
void qsbr_quiescent_state() noexcept __asm__("urcu_qsbr_quiescent_state");
#else
inline void qsbr_thread_online() noexcept {
  _urcu_qsbr_thread_online();
}
inline void qsbr_thread_offline() noexcept {
  _urcu_qsbr_thread_offline();
}
inline void qsbr_quiescent_state() noexcept {
  _urcu_qsbr_quiescent_state();
}
#endif
}  // namespace urcu

class UrcuQsbrFlavour {
 public:
  static constexpr const char* kGuardName = "urcu qsbr guard";

  /// Is nothing open but what keeps the thread online?
  static bool is_outermost() noexcept { return online().reasons == 1; }

  static void enter() {
    urcu_qsbr_register_thread();  // which puts the thread online
    urcu::qsbr_thread_offline();
  }
  static void leave() { urcu_qsbr_unregister_thread(); }

  static void read_lock() noexcept {
    if (online().reasons++ == 0)
      urcu::qsbr_thread_online();
  }
  static void read_unlock() noexcept {
    if (--online().reasons == 0)
      urcu::qsbr_thread_offline();
  }

  static void synchronize() { urcu_qsbr_synchronize_rcu(); }
  static void call(rcu_head* head, void (*func)(rcu_head*)) {
    read_lock();  // liburcu looks for the thread's queue in a section
    urcu_qsbr_call_rcu(head, func);
    read_unlock();
  }
  static void barrier() { urcu_qsbr_barrier(); }

  /// Why a thread is online.
  struct Online {
    static constexpr const char* kName = "urcu qsbr online";
    bool may_pass_on() const noexcept { return reasons == 0; }
    unsigned reasons = 0;   // open sections and sessions
    unsigned sessions = 0;  // those of them that are sessions
  };
  static Online& online() noexcept { return ThreadWide<Online>::mine(); }
};

class RcuQsbrDomain : public UrcuDomain<UrcuQsbrFlavour> {
 public:
  /// Keeps the thread online. They nest; the end of the outermost is a quiescent state, unless a
  /// section is open.
  class Session {
   public:
    [[nodiscard]] Session() noexcept {
      read_lock();
      ++UrcuQsbrFlavour::online().sessions;
    }
    ~Session() {
      --UrcuQsbrFlavour::online().sessions;
      read_unlock();
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
  };

  /// Is this thread kept online by a session? Then what it does inside needs no section.
  static bool in_session() noexcept { return UrcuQsbrFlavour::online().sessions != 0; }

  /// Says that this thread reads nothing that it read before, if that is so: not inside sections
  /// beyond the one that keeps it online.
  static void quiescent() noexcept {
    annotate_release(&order_);
    if (UrcuQsbrFlavour::is_outermost())
      urcu::qsbr_quiescent_state();
  }
};

}  // namespace getput::machine
