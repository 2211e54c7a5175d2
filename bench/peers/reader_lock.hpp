// SPDX-License-Identifier: MIT
// What the peers have in common that are a reader-writer lock of another project: the lock's read
// side, and a live flag. absl_mutex, std_shared_mutex and tbb_rw_mutex are this over one lock each.
//
// What: each object has a lock and a flag. try_get() takes the read side and checks the flag; put()
// releases the read side. A removal sets the flag, and is complete once the write side could be
// taken.
//
// Why the flag is needed: a lock says nothing about whether the module may be entered. The flag is
// checked twice. The check before the lock keeps refused callers off the lock, so that they cannot
// delay the removal. The check under the lock is the one that counts. Both are loads of a line that
// only a removal writes.
//
// Why the remover polls the write side: a reader-writer lock with a waiting writer blocks new
// readers, and holders may take more references while a removal is pending. A blocking writer would
// deadlock with them. So the time of a removal under load includes up to one polling interval.
//
// Ordering
//   E1  The holder's read unlock -> the remover's successful write trylock (the library).
//   E2  stop's store of the flag, then a write lock that was held -> the load of a reader
//       that locks later (the library).
//   E3  restart's release of the flag -> try_get's acquire of it.
//
// Limits: the thread that locked must unlock, as all three libraries require. count() is 0.
//
// A Lock has: lock_read(), unlock_read(), try_lock_write(), unlock_write(), none of which throws.
#pragma once

#include <cstdint>
#include <string_view>

#include "schemes/machine/native.hpp"
#include "schemes/polling.hpp"
#include "schemes/scheme.hpp"

namespace getput::peers {

/// The claims that the three locks share. Bytes, name and source are each peer's own.
constexpr SchemeInfo reader_lock_info() {
  SchemeInfo info{};
  info.put_on_other_thread = false;
  info.fork_any_moment = false;
  info.count = CountExactness::not_possible;
  info.zero = ZeroDetection::last_put;
  info.overflow = Overflow::wraps;
  info.get_progress = Progress::blocking;
  info.put_progress = Progress::blocking;
  info.stop_progress = Progress::wait_free;
  info.bytes_per_object = 128;
  return info;
}

template <class M, class Lock>
class ReaderLock {
 public:
  using Ticket = BoolTicket;
  static constexpr std::string_view kNoNearOverflow =
      "the library keeps its number of readers to itself";

  ReaderLock() = default;
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return Ticket();
    lock_.lock_read();
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2, E3
      lock_.unlock_read();
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    lock_.lock_read();
    return Ticket(true);
  }

  void put(Ticket) noexcept { lock_.unlock_read(); }  // E1

  [[nodiscard]] bool try_stop() {
    if (!lock_.try_lock_write())
      return false;
    going_.store(1, std::memory_order_seq_cst);  // E2
    passed_ = true;
    lock_.unlock_write();
    return true;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    passed_ = false;
  }

  [[nodiscard]] bool drained() {
    if (!passed_ && lock_.try_lock_write()) {  // E1
      passed_ = true;
      lock_.unlock_write();
    }
    return passed_;
  }

  void wait_drained(StopToken token) { poll_until_drained<M>(*this, token); }

  void restart() { going_.store(0, std::memory_order_release); }  // E3

  std::int64_t count() const { return 0; }

 private:
  alignas(64) Lock lock_;
  alignas(64) typename M::template Atomic<std::uint32_t> going_{0};
  bool passed_ = false;  // the remover's alone
};

}  // namespace getput::peers
