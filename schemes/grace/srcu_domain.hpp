// SPDX-License-Identifier: MIT
// What the SRCU schemes share: per-CPU counts of entries and exits in two banks, and a grace period
// that scans both. The schemes differ in their barriers (srcu, srcu_fast) and in what a reader
// checks (revocable).
//
// What: try_get() counts an entry in the current bank, on the CPU it runs on, and then checks
// whether the module is live. put() counts an exit in the same bank, on any CPU and thread. A bank
// whose entries equal its exits holds no reference. The remover marks the module going, waits for
// the bank that is not current (SCAN1), makes it current (flip) and waits for the other (SCAN2).
//
// Barriers is what a flavour of SRCU has where the kernel's comments name its barriers:
//   after_entry()    B: in the reader, before it checks whether the module is live
//   before_exit()    C: in the reader, behind its last access
//   between_sums()   A: in the remover, behind the sum of exits
//
// Invariants
//   I1  The four words of a CPU only grow. A reference is one entry and, later, one exit, in one
//       bank, on any two CPUs.
//   I2  A bank's exits summed before its entries count no exit whose entry is missed.
//   I3  get() by a holder stays in the bank of its ticket; that reference keeps it from draining.
//   I4  After SCAN1 the bank that was not current holds no reference. None enters it later, because
//       a reader that counts there now sees that the module is going (E2). After SCAN2 the same
//       holds for both banks.
//
// Ordering
//   E1  put's exit (release, behind C) -> sum of exits (acquire).
//   E2  Dekker, B and A:      try_get                   stop, then a scan
//                             entries[bank] += 1        going
//                             B                         sum of exits; A
//                             going?                    sum of entries
//       Either try_get sees that the module is going, or the sum sees its entry.
//   E3  sum of exits, A, sum of entries: I2.
//   E4  asymmetric Dekker (parking.hpp): put's exit; read waiters | announce; heavy barrier; sums.
//   E5  restart's release -> try_get's check behind its entry (acquire).
//
// Limits: a domain of one module could do with one scan of both banks. The flip keeps new readers
// out of the bank that is waited for where none is refused, and it is here so that the remover does
// what SRCU's does. try_stop() marks the module going and may return to live: spurious failures in
// that window. The bank is part of the ticket. Sums wrap modulo 2^64 and stay right.
// Outside the C++ memory model: the counters are written by inline assembly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "../modular.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

/// The banks and the grace period. How a reader learns that the module is going is its user's
/// matter; Bank is the ticket's part of the domain.
template <class M, class Barriers>
class SrcuDomain {
 public:
  using Banks = typename M::template PerCpuBanks<2>;
  using Bank = typename Banks::Bank;

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  /// The next steps of the grace period, as far as they go without waiting.
  [[nodiscard]] bool drained() {
    if (phase_ == Phase::scan1 && is_idle(other_bank())) {
      current_.store(other_bank(), std::memory_order_relaxed);  // flip
      phase_ = Phase::scan2;
    }
    if (phase_ == Phase::scan2 && is_idle(other_bank()))
      phase_ = Phase::over;
    return phase_ == Phase::over;
  }

  std::int64_t count() const {
    const Bank first = banks_.bank(0);
    const Bank second = banks_.bank(1);
    const std::int64_t exits =
        modular_sum(first.template sum<kExits>(), second.template sum<kExits>());  // E1
    M::full_barrier();                                                             // E3
    const std::int64_t entries =
        modular_sum(first.template sum<kEntries>(), second.template sum<kEntries>());
    return modular_difference(entries, exits);
  }

  /// For tests: as if this CPU's words had been counting for long.
  void near_overflow(std::int64_t n) noexcept {
    for (const unsigned index : {0U, 1U}) {
      const Bank bank = banks_.bank(index);
      bank.template add<kEntries>(std::numeric_limits<std::int64_t>::max() - n);
      bank.template add<kExits>(std::numeric_limits<std::int64_t>::max() - n);
    }
  }

 protected:
  /// Counts an entry in the current bank, which is returned. What the caller checks next is checked
  /// behind the entry.
  Bank enter() noexcept {
    const Bank bank = current_.load(std::memory_order_relaxed);
    enter_again(bank);
    Barriers::after_entry();  // B, E2
    return bank;
  }

  /// Counts one more entry in the bank of a holder; ordered before the holder's exit by C.
  void enter_again(Bank bank) noexcept { bank.template add<kEntries>(1); }  // I3

  void leave(Bank bank) noexcept {
    Barriers::before_exit();       // C, E1
    bank.template add<kExits>(1);  // E1
    M::wake_if_waiting(this);      // E4
  }

  /// Scans that were made before the module was going prove nothing.
  void begin_grace_period() noexcept { phase_ = Phase::scan1; }

 private:
  enum : std::size_t { kEntries, kExits };
  enum class Phase : std::uint32_t { scan1, scan2, over };

  /// The remover's: the bank that is not current.
  Bank other_bank() const noexcept {
    return banks_.bank(current_.load(std::memory_order_relaxed) == banks_.bank(0) ? 1 : 0);
  }

  static bool is_idle(Bank bank) {
    const std::int64_t exits = bank.template sum<kExits>();  // E1
    if (Barriers::kScanIsExpensive && bank.template sum<kEntries>() != exits)
      return false;            // for sure, so A is spared
    Barriers::between_sums();  // A, E2, E3
    return bank.template sum<kEntries>() == exits;
  }

  Banks banks_;
  typename M::template Atomic<Bank> current_{banks_.bank(0)};  // the bank that new entries go to
  Phase phase_ = Phase::scan1;                                 // the remover's alone
};

/// A domain whose readers check a flag: srcu and srcu_fast.
template <class M, class Barriers>
class SrcuModule : public SrcuDomain<M, Barriers> {
 public:
  using Bank = typename SrcuDomain<M, Barriers>::Bank;

  /// In which bank the reference is counted.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return static_cast<bool>(bank_); }

   private:
    friend class SrcuModule;
    constexpr explicit Ticket(Bank bank) noexcept : bank_(bank) {}
    Bank bank_;
  };

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return Ticket();
    const Bank bank = this->enter();
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E2, E5
      return refuse(bank);
    return Ticket(bank);
  }

  Ticket get(const Ticket& held) noexcept {
    this->enter_again(held.bank_);
    return held;
  }

  void put(Ticket held) noexcept { this->leave(held.bank_); }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);  // E2
    this->begin_grace_period();
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E5

 private:
  [[gnu::cold, gnu::noinline]] Ticket refuse(Bank bank) noexcept {
    this->leave(bank);
    return Ticket();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
};

}  // namespace getput
