// SPDX-License-Identifier: MIT
// unload_lock: kernel 2.4's try_inc_mod_count, a count and a DELETED flag under one global lock.
//
// What: try_get takes the lock that all modules share, looks at the flag, counts. put is one
// atomic decrement without the lock. The remover sets the flag under the lock.
//
// Where from: Linux 2.4 and 2.5 up to 2.5.47, kernel/module.c (try_inc_mod_count,
// sys_delete_module).
//
// Cost: a lock round trip per get. Every module on the machine meets on that one line.
//
// Invariants
//   I1  deleted_ changes only under the lock; users_ grows only under the lock with deleted_ false
//       (get() by a holder excepted). So flag and count are decided together: nothing fails
//       spuriously.
//
// Ordering
//   E1  put's release decrement -> drained()'s acquire load.
//   E2  unlock after setting or clearing deleted_ -> the next try_get's lock.
//
// Limits: 2.4 knew only the non-blocking removal; stop() and waiting are the same flag without the
// test. No overflow protection.
#pragma once

#include <limits>
#include <mutex>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class UnloadLock {
  struct alignas(64) GlobalLock : M::SpinLock {
    static constexpr const char* kName = "unload_lock";
    void before_fork() noexcept { this->lock(); }
    void after_fork() noexcept { this->unlock(); }
    void in_child() noexcept { this->unlock(); }
  };

 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "unload_lock",
      .summary = "count and deleted flag under one lock for all modules",
      .origin = "Linux 2.4, kernel/module.c (try_inc_mod_count)",
      .generation = "2.4",
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 16,
      .shared_bytes = sizeof(GlobalLock),
      .locked_in_put = 1,
  };

  Ticket try_get() noexcept {
    const std::lock_guard lock(*unload_lock_);
    if (deleted_.load(std::memory_order_relaxed) != 0) [[unlikely]]  // E2
      return Ticket();
    users_.fetch_add(1, std::memory_order_relaxed);
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    users_.fetch_add(1, std::memory_order_relaxed);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    users_.fetch_sub(1, std::memory_order_seq_cst);  // E1
    M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() {
    const std::lock_guard lock(*unload_lock_);
    if (users_.load(std::memory_order_acquire) != 0)  // E1
      return false;
    deleted_.store(1, std::memory_order_relaxed);
    return true;
  }

  void stop() {
    const std::lock_guard lock(*unload_lock_);
    deleted_.store(1, std::memory_order_relaxed);
  }

  [[nodiscard]] bool drained() { return users_.load(std::memory_order_acquire) == 0; }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() {
    const std::lock_guard lock(*unload_lock_);
    deleted_.store(0, std::memory_order_relaxed);
  }

  std::int64_t count() const { return users_.load(std::memory_order_relaxed); }

  void near_overflow(std::int64_t n) noexcept {
    users_.store(static_cast<std::int32_t>(std::numeric_limits<std::int32_t>::max() - n),
                 std::memory_order_relaxed);
  }

 private:
  GlobalLock* const unload_lock_ = &M::template ProcessWide<GlobalLock>::get();
  typename M::template Atomic<std::int32_t> users_{0};
  typename M::template Atomic<std::uint32_t> deleted_{0};
};

}  // namespace getput
