// SPDX-License-Identifier: MIT
// ck_brlock: concurrency kit's big-reader lock, as it is, behind the module interface.
//
// What: one lock for all modules of the process. try_get is ck_brlock_read_lock() on the thread's
// reader record and a look at the live flag; put is ck_brlock_read_unlock(). The remover tries to
// take the write side, which it gets when no reader is inside.
//
// Where from: Samy Al Bahra, Concurrency Kit, ck_brlock.h (Debian 12: 0.7.1). An independent
// comparator for lock/brlock.hpp, with a record per thread where the kernel had a lock per CPU;
// nothing of it is modelled or proven here.
//
// Cost: one exchange (a locked instruction) to enter, two stores in a pair that is nested. A cache
// line a thread for all modules.
//
// Ordering: theirs. What this wrapper relies on
//   E1  ck_brlock_read_unlock() -> a ck_brlock_write_trylock() that succeeds later.
//   E2  stop's store, then a write lock that was held -> the look of a reader who came in later.
//   E3  restart's release of going_ -> try_get's acquire of it. Ours.
//
// Limits: same thread lets go, and delays every removal while it is inside; an attempt of a remover
// holds up those who come in. Concurrency kit adds a reader record under the write lock, that is,
// when nobody is inside, so a thread that starts would wait for every holder. Therefore the first
// registration adds kReaders records, and threads take one of those; only more threads at a time
// than that wait. The price: the write side looks at kReaders records.
#pragma once

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "../machine/annotate.hpp"
#include "../machine/concurrency_kit.hpp"
#include "../machine/native.hpp"
#include "../machine/nesting_guard.hpp"
#include "../machine/thread_wide.hpp"
#include "../polling.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class CkBrlock {
  struct alignas(64) Reader {
    ck_brlock_reader_t record{};
  };

  class Process;

  /// The reader record that a thread has while it is registered.
  struct Reading {
    static constexpr const char* kName = "ck_brlock reader";
    bool may_pass_on() const noexcept { return record == nullptr; }
    ck_brlock_reader_t* record = nullptr;
  };
  using ThisThread = machine::ThreadWide<Reading>;

  struct Registration {
    static constexpr const char* kGuardName = "ck_brlock guard";
    static void enter() { ThisThread::mine().record = process().take_reader(); }
    static void leave() { process().give_back(std::exchange(ThisThread::mine().record, nullptr)); }
  };

 public:
  using Ticket = BoolTicket;

  /// Lends the thread a reader record.
  using ThreadGuard = machine::NestingGuard<Registration>;

  static constexpr std::size_t kReaders = 64;

  static constexpr SchemeInfo info{
      .name = "ck_brlock",
      .summary = "concurrency kit's ck_brlock: the read side of one lock, a record per thread",
      .origin = "Concurrency Kit 0.7.1, ck_brlock.h",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::wait_free,
      .bytes_per_object = 16,
      .shared_bytes = sizeof(ck_brlock_t) + kReaders * sizeof(Reader),
      .locked_in_get = 1,  // xchg
      .locked_in_put = 0,
      .needs_registration = true,
  };
  static constexpr std::string_view kNoNearOverflow =
      "the count is concurrency kit's own, in a record of the thread";

  CkBrlock() { M::require(info); }

  Ticket try_get() noexcept {
    ck_brlock_read_lock(&process_.lock, ThisThread::mine().record);
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2, E3
      leave();
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    ck_brlock_read_lock(&process_.lock,
                        ThisThread::mine().record);  // nested: does not wait for a writer
    return Ticket(true);
  }

  void put(Ticket) noexcept { leave(); }

  [[nodiscard]] bool try_stop() {
    if (!try_write_lock())
      return false;
    going_.store(1, std::memory_order_seq_cst);  // E2
    passed_ = true;
    ck_brlock_write_unlock(&process_.lock);
    return true;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    passed_ = false;
  }

  [[nodiscard]] bool drained() {
    if (!passed_ && try_write_lock()) {
      passed_ = true;
      ck_brlock_write_unlock(&process_.lock);
    }
    return passed_;
  }

  void wait_drained(StopToken token) {
    if (!token.stop_possible() && !passed_) {
      ck_brlock_write_lock(&process_.lock);
      machine::annotate_acquire(&process_.order);  // E1
      passed_ = true;
      ck_brlock_write_unlock(&process_.lock);
    }
    poll_until_drained<M>(*this, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E3

  std::int64_t count() const { return 0; }

 private:
  class Process {
   public:
    static constexpr const char* kName = "ck_brlock";
    ck_brlock_t lock{};
    char order = 0;

    ck_brlock_reader_t* take_reader() {
      const std::lock_guard one_at_a_time(mutex_);
      if (free_.empty())
        add_readers(made_ == 0 ? kReaders : 1);
      ck_brlock_reader_t* const reader = free_.back();
      free_.pop_back();
      return reader;
    }
    void give_back(ck_brlock_reader_t* reader) noexcept {
      const std::lock_guard one_at_a_time(mutex_);
      free_.push_back(reader);  // has room: add_readers()
    }

   private:
    // Records are never freed: they stay in concurrency kit's list.
    void add_readers(std::size_t more) {
      free_.reserve(made_ + more);
      auto* fresh = new Reader[more];
      made_ += more;
      for (std::size_t i = 0; i < more; ++i) {
        ck_brlock_read_register(&lock, &fresh[i].record);
        free_.push_back(&fresh[i].record);
      }
    }

    machine::SpinLock mutex_;
    std::vector<ck_brlock_reader_t*> free_;
    std::size_t made_ = 0;
  };

  static Process& process() { return M::template ProcessWide<Process>::get(); }

  void leave() noexcept {
    machine::annotate_release(&process_.order);  // E1
    ck_brlock_read_unlock(ThisThread::mine().record);
  }

  bool try_write_lock() noexcept {
    const bool locked = ck_brlock_write_trylock(&process_.lock, 1);
    if (locked)
      machine::annotate_acquire(&process_.order);  // E1
    return locked;
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  bool passed_ = false;  // the remover's alone
  Process& process_ = process();
};

}  // namespace getput
