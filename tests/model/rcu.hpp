// SPDX-License-Identifier: MIT
// machine::RcuMembDomain in the model: the algorithm of liburcu's membarrier flavour, with a
// counter of grace periods that does not wrap instead of one phase bit. The other flavours of the
// model are the same algorithm: their readers' full barriers are stronger, and what is checked is
// the scheme, not liburcu.
//
//   reader                                  synchronize()
//   section[self] = period   (relaxed)      heavy barrier
//   compiler barrier                        period += 1
//   ... reads ...                           until each section is 0 or of the new period
//   compiler barrier                        heavy barrier
//   section[self] = 0        (relaxed)
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/spin_lock.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

class Rcu {
 public:
  class ThreadGuard {
   public:
    ThreadGuard();
    ~ThreadGuard();
    ThreadGuard(const ThreadGuard&) = delete;
    ThreadGuard& operator=(const ThreadGuard&) = delete;
  };

  struct Head {
    Head* next = nullptr;
    void (*func)(Head*) = nullptr;
  };

  static void read_lock(const Where& at = Where::current()) noexcept;
  static void read_unlock(const Where& at = Where::current()) noexcept;
  static void synchronize(const Where& at = Where::current());
  static void in_callback() noexcept {}
  /// Runs func(head) after a grace period, in the background thread.
  static void call(Head* head, void (*func)(Head*));
  static void barrier();

  /// The body of the background thread: runs callbacks until all other threads have finished.
  static void run_callbacks();
  /// Called by the engine before each execution.
  static void begin_execution();
};

/// machine::RcuBpDomain: a thread is registered by what it does first.
/// The flavour whose readers have no fence.
class RcuByMembarrier : public Rcu {
 public:
  static void read_lock(const Where& at = Where::current()) noexcept {
    uses.barriers = true;
    Rcu::read_lock(at);
  }
};

class RcuUnregistered : public RcuByMembarrier {
 public:
  class ThreadGuard {};
  static void read_lock(const Where& at = Where::current()) noexcept {
    const Rcu::ThreadGuard registered;
    RcuByMembarrier::read_lock(at);
  }
  static void call(Head* head, void (*func)(Head*)) {
    const Rcu::ThreadGuard registered;
    Rcu::call(head, func);
  }
};

/// machine::RcuQsbrDomain: online is being in a section of the algorithm above, which waits for
/// less than quiescent states do.
class RcuWithSessions : public Rcu {
 public:
  class Session {
   public:
    Session() noexcept;
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
  };
  static bool in_session() noexcept;
};

}  // namespace getput::model
