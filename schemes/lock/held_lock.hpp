// SPDX-License-Identifier: MIT
// held_lock: counting under a lock that the caller holds anyway.
//
// What: a plain count that changes only under the module's lock. Who already holds that lock for
// his own reasons (a driver around its queue: a Session here) counts with a plain add, both ways.
// Who does not: try_get takes the lock; put and get are one atomic operation on a second word,
// remote_, which the next to take the lock folds into the count. So a reference may be taken
// inside one session and given back anywhere.
//
// Where from: Alan Stern on linux-kernel, 2004-01-26 ("two-step exit"): a driver with many packets
// in flight holds a lock for its own count of them already, and the module count under it costs
// next to nothing. Local and remote frees as in slab allocators.
//
// Cost: inside a session one load, a compare and a plain add on the lock's own line. Outside, a
// lock round trip a get and a locked addition a put; the module is then one contended line. 32
// bytes.
//
// Invariants
//   I1  local_ + remote_ = references held, at every instant between two foldings; folding happens
//       under the lock, and whoever reads the sum holds the lock.
//   I2  local_, going_ and owner_ change only under the lock. owner_ holds this thread's number
//       only if this thread wrote it there and has not unlocked since: a relaxed look suffices.
//   I3  A holder's get outside a session raises remote_ before he can put: the sum does not reach
//       0.
//
// Ordering
//   E1  put's release addition to remote_ -> the folding's acquire exchange, or the sum's load.
//   E2  a session's unlock -> the remover's lock: he sees its counts, and it sees, if it comes
//       later, that he announced himself before his last look; so a session looks for sleepers
//       once, after its unlock, and no barrier is needed.
//   E3  going_ is set, cleared and looked at under one lock: nothing fails spuriously, and restart
//       happens before a try_get that succeeds. The look without the lock only refuses.
//
// Limits: a remover, and everybody outside, waits for a session, whose thread must not sleep; one
// module's sessions hold up nobody else. A thread that is in a session of the module may open
// another, which then does nothing.
#pragma once

#include <limits>
#include <mutex>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class HeldLock {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "held_lock",
      .summary = "plain count under a lock that the caller holds anyway, remote puts beside it",
      .origin = "Alan Stern, linux-kernel 2004-01-26",
      .fork_any_moment = false,
      .count = CountExactness::exact,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 32,
  };

  class Session;

  Ticket try_get() noexcept {
    if (held_here()) [[likely]] {
      if (going_.load(std::memory_order_relaxed) != 0)  // E3
        return Ticket();
      add_local(1);
      return Ticket(true);
    }
    return try_get_outside();
  }

  Ticket get(const Ticket&) noexcept {
    if (held_here()) [[likely]]
      add_local(1);
    else
      remote_.fetch_add(1, std::memory_order_relaxed);  // I3
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    if (held_here()) [[likely]] {
      add_local(-1);
    } else {
      remote_.fetch_sub(1, std::memory_order_seq_cst);  // E1
      M::wake_if_waiting(this);
    }
  }

  [[nodiscard]] bool try_stop() {
    const Holding lock(*this);
    if (sum() != 0)
      return false;
    going_.store(1, std::memory_order_relaxed);
    return true;
  }

  void stop() {
    const Holding lock(*this);
    going_.store(1, std::memory_order_relaxed);
  }

  [[nodiscard]] bool drained() {
    const Holding lock(*this);
    return sum() == 0;
  }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() {
    const Holding lock(*this);
    going_.store(0, std::memory_order_release);
  }

  std::int64_t count() const {
    if (held_here())
      return sum();
    const std::lock_guard lock(lock_);
    return sum();
  }

  /// For tests: as if references had been taken for years.
  void near_overflow(std::int64_t n) noexcept {
    local_.store(std::numeric_limits<std::int64_t>::max() - n, std::memory_order_relaxed);
  }

 private:
  /// The lock, unless this thread has it.
  class Holding {
   public:
    explicit Holding(HeldLock& module) noexcept : module_(module), mine_(!module.held_here()) {
      if (mine_)
        module_.take();
    }
    ~Holding() {
      if (mine_)
        module_.release();
    }
    Holding(const Holding&) = delete;
    Holding& operator=(const Holding&) = delete;

   private:
    HeldLock& module_;
    bool mine_;
  };

  struct Waker {
    const void* key;
    ~Waker() { M::wake_if_waiting(key); }
  };

  bool held_here() const noexcept {
    return owner_.load(std::memory_order_relaxed) == M::this_thread();  // I2
  }

  void take() noexcept {
    lock_.lock();
    owner_.store(M::this_thread(), std::memory_order_relaxed);
    if (remote_.load(std::memory_order_relaxed) != 0)
      add_local(remote_.exchange(0, std::memory_order_acquire));  // E1
  }

  void release() noexcept {
    owner_.store(0, std::memory_order_relaxed);
    lock_.unlock();
  }

  [[gnu::noinline]] Ticket try_get_outside() noexcept {
    if (going_.load(std::memory_order_acquire) != 0)
      return Ticket();  // without the lock: refused callers do not hold up the remover
    const Holding lock(*this);
    if (going_.load(std::memory_order_relaxed) != 0)  // E3
      return Ticket();
    add_local(1);
    return Ticket(true);
  }

  // Under the lock. Modulo 2^64.
  void add_local(std::int64_t n) noexcept {
    local_.store(modular_sum(local_.load(std::memory_order_relaxed), n), std::memory_order_relaxed);
  }
  std::int64_t sum() const noexcept {
    return modular_sum(local_.load(std::memory_order_relaxed),
                       remote_.load(std::memory_order_acquire));  // E1
  }

  mutable typename M::SpinLock lock_;
  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template Atomic<std::uintptr_t> owner_{0};
  typename M::template Atomic<std::int64_t> local_{0};
  typename M::template Atomic<std::int64_t> remote_{0};
};

/// The lock that the caller holds anyway.
template <class M>
class HeldLock<M>::Session {
 public:
  static constexpr bool kTicketsOutlive = true;  // a reference is a count, under the lock or not
  [[nodiscard]] explicit Session(HeldLock& module) noexcept : waker_{&module}, lock_(module) {}

 private:
  Waker waker_;  // last: E2; the module may be gone by then
  Holding lock_;
};

}  // namespace getput
