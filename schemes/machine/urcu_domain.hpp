// SPDX-License-Identifier: MIT
// A flavour of liburcu behind the machine's names: what urcu_memb.hpp, urcu_mb.hpp, urcu_qsbr.hpp
// and urcu_bp.hpp have in common. They include this file first. The read side is inlined
// (_LGPL_SOURCE): as a library call it costs five times as much. ThreadSanitizer gets the calls,
// because liburcu's accesses through volatile would be data races to it; what they order is told
// by annotations below.
#pragma once

#include "annotate.hpp"
#include "nesting_guard.hpp"

#if defined(GETPUT_TSAN)
#undef _LGPL_SOURCE
#elif !defined(_LGPL_SOURCE)
#define _LGPL_SOURCE
#endif
// liburcu declares its reader as thread_local in C++, and the compiler, which cannot know that it
// has no constructor, then tests for one at every access: three tests and calls a section that C
// does not have. As __thread it is the same variable without them.
#include <urcu/tls-compat.h>
#if defined(URCU_TLS_STORAGE_CLASS)
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#endif
// liburcu's headers of several flavours in one translation unit: each has its own read side, but
// call_rcu() and the flavour's table get the names of the first one included. So that is always the
// same one, and the tables are declared below.
#include <urcu/urcu-memb.h>
// In any order, after that one.
#include <urcu/urcu-bp.h>
#include <urcu/urcu-mb.h>
#include <urcu/urcu-qsbr.h>

extern "C" {
extern const struct rcu_flavor_struct urcu_memb_flavor;
extern const struct rcu_flavor_struct urcu_mb_flavor;
extern const struct rcu_flavor_struct urcu_qsbr_flavor;
extern const struct rcu_flavor_struct urcu_bp_flavor;
}

namespace getput::machine {

/// @p Flavour names liburcu's functions; a flavour that registers threads by itself leaves enter()
/// and leave() empty.
template <class Flavour>
class UrcuDomain {
 public:
  /// A thread reads only while it holds one. Counts nesting: several in one thread are fine.
  using ThreadGuard = NestingGuard<Flavour>;

  using Head = rcu_head;

  static void read_lock() noexcept { Flavour::read_lock(); }
  [[gnu::always_inline]] static void read_unlock() noexcept {
    annotate_release(&order_);
    Flavour::read_unlock();
  }

  /// Returns when every reader that was inside has left.
  static void synchronize() {
    Flavour::synchronize();
    annotate_acquire(&order_);
  }

  /// To be called first in a callback of call(): the readers' accesses are done.
  static void in_callback() noexcept { annotate_acquire(&order_); }

  /// Runs @p func(head) on liburcu's own thread after a grace period.
  static void call(Head* head, void (*func)(Head*)) {
    annotate_release(&order_);  // what the caller prepared, for the callback
    Flavour::call(head, func);
  }

  /// Returns when every callback queued so far has run.
  static void barrier() { Flavour::barrier(); }

 protected:
  static inline char order_ = 0;
};

}  // namespace getput::machine
