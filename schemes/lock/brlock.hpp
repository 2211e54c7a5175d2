// SPDX-License-Identifier: MIT
// brlock: the big-reader lock, one reader-writer lock per CPU; being inside is holding one of them.
//
// What: try_get takes the read side of the lock of the CPU it runs on and keeps it until put. The
// locks belong to no module: every module on the machine shares them, as BR_NETPROTO_LOCK was
// shared. The remover has to meet every CPU's lock free of readers once.
//
// Where from: Linux 2.4 to 2.5.69, include/linux/brlock.h and lib/brlock.c, the variant with
// atomic readers (__BRLOCK_USE_ATOMICS). Rusty Russell's FAQ of 2002 compares try_module_get
// with it.
//
// Cost: two locked instructions on a line that other CPUs rarely touch.
//
// Invariants
//   I1  lines_[c] = readers that came in on CPU c, plus kWriter while a remover holds it. A writer
//       takes a lock only when it has no readers, so readers nest without deadlock and a writer
//       can starve (as the original).
//   I2  A reader keeps the index of its lock in the ticket; it may migrate and sleep.
//
// Ordering
//   E1  put's release decrement -> drained()'s acquire load of 0 in that line.
//   E2  Dekker:  try_get: lines_[c] += 1 (full barrier); read going_
//                stop:    going_ = 1; full barrier; read lines_[c]
//       Either try_get sees going_ and leaves, or the remover sees the reader.
//   E3  going_ = 1, then try_stop's unlock (release) -> the addition of a reader who finds the lock
//       free: he sees going_.
//   E4  restart's release of going_ -> try_get's looks at it (acquire).
//
// Limits: removal of one module waits for the readers of all of them, and one that sleeps delays
// every removal. No memory per module; one cache line a CPU for the machine.
#pragma once

#include <string_view>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class Brlock {
  struct alignas(64) Line {
    typename M::template Atomic<std::uint32_t> readers{0};
  };
  /// The machine-wide locks. Removers sleep on its address, because they wait for locks and not for
  /// one module's readers.
  struct Machine {
    static constexpr const char* kName = "brlock";
    Line* const lines = new Line[M::possible_cpus()];
  };

 public:
  using Ticket = IndexTicket;  // the CPU whose lock is held

  static constexpr SchemeInfo info{
      .name = "brlock",
      .summary = "read side of a per-CPU reader-writer lock, held while inside",
      .origin = "Linux 2.4, lib/brlock.c (atomic readers)",
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
      .shared_bytes_per_cpu = sizeof(Line),
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
  static constexpr std::string_view kNoNearOverflow =
      "a reader count of 2^31 is the writer bit: whoever comes next waits for ever";

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E4
      return Ticket();
    const unsigned cpu = M::current_cpu();
    read_lock(cpu);
    if (going_.load(std::memory_order_seq_cst) != 0) [[unlikely]] {  // E2
      read_unlock(cpu);
      return Ticket();
    }
    return Ticket(cpu);
  }

  Ticket get(const Ticket& held) noexcept {
    lines_[held.index()].readers.fetch_add(1, std::memory_order_relaxed);  // no writer: I1
    return held;
  }

  void put(Ticket held) noexcept { read_unlock(held.index()); }

  [[nodiscard]] bool try_stop() {
    const unsigned taken = write_lock_while_free();
    const bool all = taken == M::possible_cpus();
    if (all)
      stop();
    for (unsigned cpu = 0; cpu < taken; ++cpu)
      lines_[cpu].readers.fetch_sub(kWriter, std::memory_order_release);  // E3
    return all;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);
    M::full_barrier();  // E2
    passed_ = 0;
  }

  [[nodiscard]] bool drained() {
    while (passed_ < M::possible_cpus() && !has_readers(lines_[passed_])) ++passed_;
    return passed_ == M::possible_cpus();
  }

  void wait_drained(StopToken token) {
    M::wait(
        lines_, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E4

  std::int64_t count() const { return 0; }

 private:
  static constexpr std::uint32_t kWriter = 1U << 31;

  void read_lock(unsigned cpu) noexcept {
    Line& line = lines_[cpu];
    while ((line.readers.fetch_add(1, std::memory_order_seq_cst) & kWriter) != 0) [[unlikely]] {
        line.readers.fetch_sub(1, std::memory_order_relaxed);
        while ((line.readers.load(std::memory_order_relaxed) & kWriter) != 0) M::cpu_relax();
      }
  }

  void read_unlock(unsigned cpu) noexcept {
    Line* const all = lines_;  // the object may be gone after the subtraction
    all[cpu].readers.fetch_sub(1, std::memory_order_seq_cst);  // E1
    M::wake_if_waiting(all);
  }

  static bool has_readers(const Line& line) noexcept {
    return (line.readers.load(std::memory_order_acquire) & ~kWriter) != 0;  // E1
  }

  /// Takes the write side of as many locks as are free, in CPU order; returns how many.
  unsigned write_lock_while_free() {
    for (unsigned cpu = 0; cpu < M::possible_cpus(); ++cpu) {
      std::uint32_t free = 0;
      if (!lines_[cpu].readers.compare_exchange_strong(free, kWriter, std::memory_order_seq_cst))
        return cpu;
    }
    return M::possible_cpus();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  std::uint32_t passed_ = 0;  // locks seen free since stop(); the remover's alone
  Line* const lines_ = M::template ProcessWide<Machine>::get().lines;
};

}  // namespace getput
