// SPDX-License-Identifier: MIT
// A flavour of liburcu behind the machine's names: what urcu_memb.hpp, urcu_mb.hpp, urcu_qsbr.hpp
// and urcu_bp.hpp have in common.
//
// A translation unit may use liburcu itself, with any flavour, before or after these headers. Its
// rcu_read_lock() must stay the function that it would be without them. liburcu's public headers
// do not allow that: urcu.h defines URCU_API_MAP for the rest of the unit, the header of each
// flavour included later then maps rcu_read_lock() again, and call_rcu() is declared under the name
// of the first flavour only (urcu/map/*.h, urcu/call-rcu.h). Therefore these headers include no
// public header of liburcu. They take the read side from urcu/static/urcu-<flavour>.h, which
// defines functions with the flavour's name, maps nothing and does not depend on _LGPL_SOURCE. They
// declare the few library functions that they call with liburcu's own types, so that the compiler
// compares the declarations in a unit that includes both.
//
// The read side is inlined: as a library call it costs five times as much. ThreadSanitizer gets the
// calls, because it would report liburcu's volatile accesses as data races; the annotations below
// describe the order. The calls are declared by assembler name: in a unit that defines
// _LGPL_SOURCE, urcu_memb_read_lock is a macro.
//
// liburcu declares its reader as thread_local in C++. The compiler cannot know that it has no
// constructor, and tests for one at every access: three tests and calls per section that C does not
// have. As __thread it is the same variable without them, so URCU_TLS_STORAGE_CLASS is __thread
// while the static header is read.
#pragma once

#include "annotate.hpp"
#include "image.hpp"
#include "nesting_guard.hpp"

struct rcu_head;

namespace getput::machine {

/// @p Flavour names liburcu's functions; a flavour that registers threads by itself leaves enter()
/// and leave() empty.
template <class Flavour>
class UrcuDomain {
 public:
  /// A thread reads only while it holds one. Counts nesting: several in one thread are fine.
  using ThreadGuard = NestingGuard<Flavour>;

  /// A queued callback. It begins with the memory of a struct rcu_head, which liburcu fills.
  class Head {
    friend class UrcuDomain;
    void* next_ = nullptr;
    void (*called_)(rcu_head*) = nullptr;
    void (*func_)(Head*) = nullptr;
  };

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
    head->func_ = func;
    keep_image_mapped<Flavour>();  // liburcu's thread calls into it, whenever
    annotate_release(&order_);     // what the caller prepared, for the callback
    Flavour::call(reinterpret_cast<rcu_head*>(head), [](rcu_head* queued) {
      annotate_acquire(&order_);
      auto* const self = reinterpret_cast<Head*>(queued);
      self->func_(self);
    });
  }

  /// Returns when every callback queued so far has run.
  static void barrier() { Flavour::barrier(); }

 protected:
  static inline char order_ = 0;
};

}  // namespace getput::machine
