// SPDX-License-Identifier: MIT
// ck_epoch: concurrency kit's epoch-based reclamation, as it is, behind the module interface.
//
// What: try_get is ck_epoch_begin() on the thread's record and a look at the live flag; put is
// ck_epoch_end(). The remover asks concurrency kit for a grace period. All modules of the process
// share one ck_epoch_t, as the kernel's modules share one RCU.
//
// Where from: Samy Al Bahra, Concurrency Kit, ck_epoch.h and src/ck_epoch.c (Debian 12: 0.7.1). An
// independent comparator for grace/epoch.hpp; nothing of it is modelled or proven here.
//
// Cost: one exchange (a locked instruction) and two stores to the thread's record to enter, one
// store to leave. 192 bytes a thread for all modules.
//
// Ordering: theirs. What this wrapper relies on
//   E1  ck_epoch_end() -> the return of ck_epoch_synchronize(), or the callback of ck_epoch_call(),
//       whose section or call came later.
//   E2  stop's store (seq_cst) before the grace period -> the look of a section that it need not
//       wait for.
//   E3  restart's release of going_ -> try_get's acquire of it. Ours.
//
// Limits: as every grace period (read_section.hpp): same thread lets go, and delays every removal
// while it is inside. drained() queues a callback and polls; both need a record, and removers share
// one under a lock, because another thread may ask next. wait_drained() with a token polls and
// sleeps in between; without one it is ck_epoch_synchronize(), which spins. Readers wake nobody.
#pragma once

#include <mutex>
#include <utility>

#include "../machine/annotate.hpp"
#include "../machine/concurrency_kit.hpp"
#include "../machine/native.hpp"
#include "../machine/nesting_guard.hpp"
#include "../machine/thread_wide.hpp"
#include "../polling.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class CkEpoch {
  class Process;

  /// The record that a thread has while it is registered.
  struct Registered {
    static constexpr const char* kName = "ck_epoch record";
    bool may_pass_on() const noexcept { return record == nullptr; }
    ck_epoch_record_t* record = nullptr;
  };
  using ThisThread = machine::ThreadWide<Registered>;

  struct Registration {
    static constexpr const char* kGuardName = "ck_epoch guard";
    static void enter() { ThisThread::mine().record = process().take_record(); }
    static void leave() {
      ck_epoch_record_t* const record = std::exchange(ThisThread::mine().record, nullptr);
      machine::annotate_release(record);  // to the thread that takes the record up
      ck_epoch_unregister(record);
    }
  };

 public:
  using Ticket = BoolTicket;

  /// Registers the thread's record, or takes up one that a thread left behind.
  using ThreadGuard = machine::NestingGuard<Registration>;

  static constexpr SchemeInfo info{
      .name = "ck_epoch",
      .summary = "concurrency kit's ck_epoch_begin and ck_epoch_end",
      .origin = "Concurrency Kit 0.7.1, ck_epoch.h",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .try_stop = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 24,
      .shared_bytes = sizeof(ck_epoch_t) + sizeof(ck_epoch_record_t),
      .locked_in_get = 1,  // xchg
      .locked_in_put = 0,
      .needs_registration = true,
  };

  CkEpoch() { M::require(info); }
  ~CkEpoch() { forget_grace_period(); }
  CkEpoch(const CkEpoch&) = delete;
  CkEpoch& operator=(const CkEpoch&) = delete;

  Ticket try_get() noexcept {
    ck_epoch_begin(ThisThread::mine().record, nullptr);
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2
      leave();
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    ck_epoch_begin(ThisThread::mine().record, nullptr);
    return Ticket(true);
  }

  void put(Ticket) noexcept { leave(); }

  [[nodiscard]] bool try_stop() { return false; }

  void stop() {
    forget_grace_period();
    passed_ = false;
    going_.store(1, std::memory_order_seq_cst);  // E2
  }

  [[nodiscard]] bool drained() {
    if (passed_)
      return true;
    if (grace_period_ == nullptr)
      grace_period_ = process().start();
    passed_ = process().poll(grace_period_);
    if (passed_)
      machine::annotate_acquire(&process_.order);  // E1
    return passed_;
  }

  void wait_drained(StopToken token) {
    if (!token.stop_possible()) {
      ck_epoch_synchronize_wait(process().epoch(), nullptr, nullptr);
      machine::annotate_acquire(&process_.order);  // E1
      passed_ = true;
    }
    poll_until_drained<M>(*this, token);
  }

  void restart() {
    forget_grace_period();
    going_.store(0, std::memory_order_release);  // E3
  }

  std::int64_t count() const { return 0; }

 private:
  // A callback that concurrency kit holds. Deleted by who comes second: its end, or the scheme that
  // no longer wants to know. All of it under the lock of Process.
  struct GracePeriod {
    ck_epoch_entry_t entry{};  // first: concurrency kit hands its address back
    bool over = false;
    bool forgotten = false;

    static void end(ck_epoch_entry_t* entry) {
      auto* self = reinterpret_cast<GracePeriod*>(entry);
      self->over = true;
      if (self->forgotten)
        delete self;
    }
  };

  class Process {
   public:
    static constexpr const char* kName = "ck_epoch";
    char order = 0;

    Process() {
      machine::keep_image_mapped<Process>();  // callbacks
      ck_epoch_init(&epoch_);
      ck_epoch_register(&epoch_, &removers_, nullptr);
    }
    ck_epoch_t* epoch() noexcept { return &epoch_; }

    /// Records are never freed: concurrency kit keeps them in its list.
    ck_epoch_record_t* take_record() {
      if (ck_epoch_record_t* used = ck_epoch_recycle(&epoch_, nullptr); used != nullptr) {
        machine::annotate_acquire(used);
        return used;
      }
      auto* fresh = new ck_epoch_record_t;
      ck_epoch_register(&epoch_, fresh, nullptr);
      return fresh;
    }

    GracePeriod* start() {
      auto* fresh = new GracePeriod;
      const std::lock_guard lock(lock_);
      ck_epoch_call(&removers_, &fresh->entry, &GracePeriod::end);
      return fresh;
    }

    /// One attempt to end grace periods; is this one over?
    bool poll(const GracePeriod* asked) {
      const std::lock_guard lock(lock_);
      ck_epoch_poll(&removers_);
      return asked->over;
    }

    void forget(GracePeriod* unwanted) noexcept {
      const std::lock_guard lock(lock_);
      unwanted->forgotten = true;
      if (unwanted->over)
        delete unwanted;
    }

   private:
    ck_epoch_t epoch_{};
    ck_epoch_record_t removers_{};
    machine::SpinLock lock_;
  };

  static Process& process() { return M::template ProcessWide<Process>::get(); }

  void leave() noexcept {
    machine::annotate_release(&process_.order);  // E1
    ck_epoch_end(ThisThread::mine().record, nullptr);
  }

  void forget_grace_period() noexcept {
    if (grace_period_ != nullptr)
      process().forget(grace_period_);
    grace_period_ = nullptr;
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  bool passed_ = false;  // the remover's alone, like the next
  GracePeriod* grace_period_ = nullptr;
  Process& process_ = process();
};

}  // namespace getput
