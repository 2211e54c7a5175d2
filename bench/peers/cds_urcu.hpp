// SPDX-License-Identifier: MIT
// cds_urcu: libcds' user-space RCU of the flavour general_instant, and a live flag.
//
// What: try_get() is access_lock() and a check of the flag, put() is access_unlock(). A removal
// waits with synchronize(). All objects of the process share libcds' one RCU domain.
//
// Where from: libcds, cds/urcu/general_instant.h (Debian 12: libcds-dev 2.3.3). The reader is the
// same in its flavours general_instant, general_buffered and general_threaded; they differ in what
// a retirement does. It is cheaper than a guard of cds::gc::HP, which publishes a pointer, executes
// a fence and reads the pointer again.
//
// Cost: a thread-local look-up, a store and a full fence to enter, another look-up and a store to
// leave.
//
// Ordering
//   E1  access_unlock()'s release -> the end of synchronize() (the library).
//   E2  stop's store (seq_cst) before synchronize() -> the load of the flag after access_lock()'s
//   full
//       fence.
//   E3  restart's release of the flag -> try_get's acquire of it.
//   E4  The helper thread's release of `over` after synchronize() -> drained()'s acquire.
//
// Limits: not a reference: the thread that entered must leave, and delays every removal while it is
// inside. libcds cannot poll a grace period, so drained() starts a thread that waits for one.
// Without a token wait_drained() calls synchronize() itself.
#pragma once

#include <cds/init.h>
#include <cds/urcu/general_instant.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "schemes/machine/native.hpp"
#include "schemes/machine/nesting_guard.hpp"
#include "schemes/polling.hpp"
#include "schemes/scheme.hpp"

namespace getput {

template <class M = machine::Native>
class CdsUrcu {
  using Rcu = cds::urcu::gc<cds::urcu::general_instant<>>;

  /// libcds, initialised. It is never terminated, because threads may outlive any order of
  /// destruction.
  class Process {
   public:
    static constexpr const char* kName = "cds_urcu";
    Process() {
      cds::Initialize();
      ::new (memory_) Rcu;
    }

   private:
    alignas(Rcu) std::byte memory_[sizeof(Rcu)];
  };

  static Process& process() { return M::template ProcessWide<Process>::get(); }

  struct Registration {
    static constexpr const char* kGuardName = "cds_urcu guard";
    static void enter() {
      process();
      cds::threading::Manager::attachThread();
    }
    static void leave() { cds::threading::Manager::detachThread(); }
  };

 public:
  using Ticket = BoolTicket;

  /// Attaches the thread to libcds.
  using ThreadGuard = machine::NestingGuard<Registration>;

  static constexpr SchemeInfo info{
      .name = "cds_urcu",
      .summary = "libcds' cds::urcu::general_instant, and a live flag",
      .origin = "libcds 2.3.3, cds/urcu/general_instant.h",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .try_stop = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::wraps,
      .bytes_per_object = 24,
      .needs_registration = true,
  };
  static constexpr std::string_view kNoNearOverflow =
      "the nesting count is libcds' own, in a record of the thread";

  CdsUrcu() {
    M::require(info);
    process();
  }
  CdsUrcu(const CdsUrcu&) = delete;
  CdsUrcu& operator=(const CdsUrcu&) = delete;

  Ticket try_get() noexcept {
    Rcu::access_lock();
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2, E3
      Rcu::access_unlock();
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    Rcu::access_lock();
    return Ticket(true);
  }

  void put(Ticket) noexcept { Rcu::access_unlock(); }  // E1

  [[nodiscard]] bool try_stop() { return false; }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    over_.reset();
    passed_ = false;
  }

  [[nodiscard]] bool drained() {
    if (passed_)
      return true;
    if (over_ == nullptr) {
      over_ = std::make_shared<std::atomic<bool>>(false);
      std::thread([over = over_] {
        Rcu::synchronize();                            // E1
        over->store(true, std::memory_order_release);  // E4
      }).detach();
    }
    passed_ = over_->load(std::memory_order_acquire);  // E4
    return passed_;
  }

  void wait_drained(StopToken token) {
    if (!token.stop_possible() && !passed_) {
      Rcu::synchronize();  // E1
      passed_ = true;
    }
    poll_until_drained<M>(*this, token);
  }

  void restart() {
    over_.reset();
    going_.store(0, std::memory_order_release);  // E3
  }

  std::int64_t count() const { return 0; }

 private:
  typename M::template Atomic<std::uint32_t> going_{0};
  bool passed_ = false;                      // the remover's alone, like the next
  std::shared_ptr<std::atomic<bool>> over_;  // shared with a thread that waits for a grace period
};

}  // namespace getput
