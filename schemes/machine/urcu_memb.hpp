// SPDX-License-Identifier: MIT
// liburcu's "memb" flavour behind the machine's names. Read side inlined (_LGPL_SOURCE): as a
// library call it costs five times as much.
#pragma once

#ifndef _LGPL_SOURCE
#define _LGPL_SOURCE
#endif
#include <urcu/urcu-memb.h>

#include "annotate.hpp"

namespace getput::machine {

class RcuMembDomain {
 public:
  /// A thread reads only while it holds one. Counts nesting: several in one thread are fine.
  class ThreadGuard {
   public:
    ThreadGuard() {
      if (depth_++ == 0)
        urcu_memb_register_thread();
    }
    ~ThreadGuard() {
      if (--depth_ == 0)
        urcu_memb_unregister_thread();
    }
    ThreadGuard(const ThreadGuard&) = delete;
    ThreadGuard& operator=(const ThreadGuard&) = delete;

   private:
    static inline thread_local constinit unsigned depth_ = 0;
  };

  using Head = rcu_head;

  static void read_lock() noexcept { urcu_memb_read_lock(); }
  static void read_unlock() noexcept {
    annotate_release(&order_);
    urcu_memb_read_unlock();
  }

  /// Returns when every reader that was inside has left.
  static void synchronize() {
    urcu_memb_synchronize_rcu();
    annotate_acquire(&order_);
  }

  /// To be called first in a callback of call(): the readers' accesses are done.
  static void in_callback() noexcept { annotate_acquire(&order_); }

  /// Runs @p func(head) on liburcu's own thread after a grace period.
  static void call(Head* head, void (*func)(Head*)) {
    annotate_release(&order_);  // what the caller prepared, for the callback
    urcu_memb_call_rcu(head, func);
  }

  /// Returns when every callback queued so far has run.
  static void barrier() { urcu_memb_barrier(); }

 private:
  static inline char order_ = 0;
};

}  // namespace getput::machine
