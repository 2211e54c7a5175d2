// SPDX-License-Identifier: MIT
// srcu: sleepable RCU with a domain for each module; per-CPU counts of entries and exits in two
// banks, and a remover who looks at both.
//
// What: try_get counts an entry in the bank that is current, on the CPU it runs on, and then looks
// whether the module is live; put counts an exit in the same bank, on whatever CPU and thread. A
// bank whose entries equal its exits has nobody inside. The remover marks the module going, waits
// for the bank that is not current (SCAN1), makes it current (flip), waits for the other (SCAN2).
//
// Where from: Linux 2.6.19 to today, kernel/rcu/srcutree.c (Paul McKenney 2006; the two one-way
// counters a bank came in 2017). Handing the index over to another thread is srcu_down_read() and
// srcu_up_read() there. Ours on this machine layer.
//
// Cost: one rseq section and one full barrier each in get and put; 32 bytes a CPU and module. The
// kernel shares domains because one costs two cache lines a CPU there; here a domain belongs to a
// module, so nobody waits for another module's callers. Removal: sums over the possible CPUs.
//
// Invariants
//   I1  The four words of a CPU only grow. A reference is one entry and, later, one exit, in one
//       bank, on any two CPUs.
//   I2  A bank's exits summed before its entries count no exit whose entry is missed.
//   I3  get() by a holder stays in the bank of his ticket, which is kept from draining by him.
//   I4  After SCAN1 the bank that was not current holds no reference, and none enters it later,
//       because whoever counts there now sees going_ (E2). After SCAN2 the same holds for both.
//
// Ordering
//   E1  put's exit (release, behind barrier C) -> sum of exits (acquire).
//   E2  Dekker, B and A:      try_get                   stop, then a scan
//                             entries[bank] += 1        going_ = 1
//                             full barrier (B)          sum of exits; full barrier (A)
//                             read going_               sum of entries
//       Either try_get sees going_, or the sum sees its entry.
//   E3  sum of exits, full barrier (A), sum of entries: I2.
//   E4  asymmetric Dekker (parking.hpp): put's exit; read waiters | announce; heavy barrier; sums.
//   E5  restart's release of going_ -> try_get's second look at it (acquire).
//
// Limits: a domain with a flag could do with one scan of both banks; the flip is what keeps new
// readers out of the bank that is waited for where nobody refuses them, and it is here so that the
// remover does what SRCU's does. try_stop() marks going and may come back to life: spurious
// failures in that window. The bank is part of the ticket. Sums wrap modulo 2^64 and stay right.
// Outside the C++ memory model: the counters are written by inline assembly.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class Srcu {
 public:
  /// In which bank the reference is counted.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return held_; }

   private:
    friend class Srcu;
    constexpr explicit Ticket(std::uint32_t bank) noexcept : held_(true), bank_(bank != 0) {}
    bool held_ = false;
    bool bank_ = false;
  };

  static constexpr SchemeInfo info{
      .name = "srcu",
      .summary = "SRCU, a domain for each module: entries and exits in two banks per CPU",
      .origin = "Linux 2.6.19 to today, kernel/rcu/srcutree.c",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 24,
      .bytes_per_cpu = 32,
      .locked_in_get = 1,
      .locked_in_put = 1,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  Srcu() { M::require(info); }

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return Ticket();
    const std::uint32_t bank = current_.load(std::memory_order_relaxed);
    count_entry(bank);
    M::full_barrier();                                             // B, E2
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E2
      return refuse(bank);
    return Ticket(bank);
  }

  Ticket get(const Ticket& held) noexcept {
    count_entry(held.bank_);  // I3; ordered before the exit of `held` by C
    return held;
  }

  void put(Ticket held) noexcept {
    M::full_barrier();  // C, E1
    if (held.bank_)
      words_.template add<kExits1>(1);
    else
      words_.template add<kExits0>(1);
    M::wake_if_waiting(this);  // E4
  }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);  // E2
    phase_ = Phase::scan1;
  }

  /// The next steps of the grace period, as far as they go without waiting.
  [[nodiscard]] bool drained() {
    const std::uint32_t bank = current_.load(std::memory_order_relaxed);
    if (phase_ == Phase::scan1 && is_idle(bank ^ 1)) {
      current_.store(bank ^ 1, std::memory_order_relaxed);  // flip
      phase_ = Phase::scan2;
    }
    if (phase_ == Phase::scan2 && is_idle(current_.load(std::memory_order_relaxed) ^ 1))
      phase_ = Phase::over;
    return phase_ == Phase::over;
  }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E5

  std::int64_t count() const {
    const std::int64_t exits = modular_sum(exits_in(0), exits_in(1));  // E1
    M::full_barrier();                                                 // A, E3
    return modular_difference(modular_sum(entries_in(0), entries_in(1)), exits);
  }

  /// For tests: as if this CPU's words had been counting for long.
  void near_overflow(std::int64_t n) noexcept {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() - n;
    words_.template add<kEntries0>(most);
    words_.template add<kExits0>(most);
    words_.template add<kEntries1>(most);
    words_.template add<kExits1>(most);
  }

 private:
  enum : std::size_t { kEntries0, kEntries1, kExits0, kExits1 };
  enum class Phase : std::uint32_t { scan1, scan2, over };

  void count_entry(std::uint32_t bank) noexcept {
    if (bank != 0)
      words_.template add<kEntries1>(1);
    else
      words_.template add<kEntries0>(1);
  }

  [[gnu::cold, gnu::noinline]] Ticket refuse(std::uint32_t bank) noexcept {
    put(Ticket(bank));
    return Ticket();
  }

  std::int64_t entries_in(std::uint32_t bank) const {
    return bank != 0 ? words_.template sum<kEntries1>() : words_.template sum<kEntries0>();
  }
  std::int64_t exits_in(std::uint32_t bank) const {
    return bank != 0 ? words_.template sum<kExits1>() : words_.template sum<kExits0>();
  }

  bool is_idle(std::uint32_t bank) const {
    const std::int64_t exits = exits_in(bank);  // E1
    M::full_barrier();                          // A, E2, E3
    return entries_in(bank) == exits;
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template Atomic<std::uint32_t> current_{0};  // the bank that new entries go to
  Phase phase_ = Phase::scan1;                             // the remover's alone
  typename M::template PerCpuWords<4> words_;
};

}  // namespace getput
