// SPDX-License-Identifier: MIT
// sloppy: a central counter, and spare references that each CPU keeps for the next one who asks.
//
// What: a reference that is given back stays with the CPU as a spare, up to a limit; a get takes a
// spare of its CPU if there is one. Only a get without a spare, and a put beyond the limit, change
// the central counter. In use = central - spares.
//
// Where from: sloppy counters of Boyd-Wickizer, Clements, Mao, Pesterev, Kaashoek, Morris,
// Zeldovich: "An Analysis of Linux Scalability to Many Cores", OSDI 2010, section 4.3, there
// applied to dentries, vfsmounts, dst entries and protocol memory. Not the statistical counter that
// a textbook calls by the same name.
//
// Cost: with a spare at hand one rseq section per get and per put, no locked instruction. Deciding
// that nobody is inside takes a barrier and a sum over the CPUs.
//
// Invariants
//   I1  central_ = references held + spares of all CPUs (+ refused gets not yet taken back).
//   I2  0 <= a CPU's spares <= MostSpares.
//   I3  Once going_ is set and the barrier has passed, spares are given back only: no sum of them
//       shrinks any more.
//
// Ordering
//   E1  put's release add to the spares -> their sum (acquire); or put's subtraction from central_
//       (seq_cst) -> the load of central_.
//   E2  going_ = 1; rseq_barrier() -> later sections take no spare. Without one: Dekker,
//       central_ += 1 (full barrier); read going_ against going_ = 1; full barrier; read central_.
//   E3  sum of spares (acquire), full barrier, load of central_: a spare that is seen has its get
//       in central_, so references in use are never missed.
//   E4  restart's release of going_ -> try_get's acquire looks at it, in a section or before the
//       central counter.
//
// Limits: while live, count() may be off in both directions. try_stop() marks going, sums, and may
// come back to life: spurious failures in that window. Outside the C++ memory model as
// percpu_split.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native, std::int64_t MostSpares = 64>
class Sloppy {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "sloppy",
      .summary = "a central counter and spare references kept per CPU",
      .origin = "Boyd-Wickizer et al., OSDI 2010",
      .spurious_failure = true,
      .count = CountExactness::approximate,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 24,
      .bytes_per_cpu = 8,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  Sloppy() { M::require(info); }

  Ticket try_get() noexcept {
    if (take_spare()) [[likely]]
      return Ticket(true);
    return get_from_central();
  }

  Ticket get(const Ticket&) noexcept {
    if (!take_spare()) [[unlikely]]
      central_.fetch_add(1, std::memory_order_relaxed);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    if (!spares_.template add_within<kSpares>(going_, kAlways, 1, MostSpares))  // E1
        [[unlikely]]
      central_.fetch_sub(1, std::memory_order_seq_cst);  // E1
    M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);
    M::rseq_barrier();  // E2
  }

  [[nodiscard]] bool drained() { return count() == 0; }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E4

  std::int64_t count() const {
    const std::int64_t spares = spares_.template sum<kSpares>();                  // E1
    M::full_barrier();                                                            // E3
    return modular_difference(central_.load(std::memory_order_acquire), spares);  // E1
  }

  void near_overflow(std::int64_t n) noexcept {
    central_.store(std::numeric_limits<std::int64_t>::max() - n, std::memory_order_relaxed);
  }

 private:
  enum : std::size_t { kSpares };
  enum : std::uint32_t { kAlways = 0, kWhileLive = 1 };

  bool take_spare() noexcept {
    return spares_.template add_within<kSpares>(going_, kWhileLive, -1, MostSpares);
  }

  [[gnu::cold, gnu::noinline]] Ticket get_from_central() noexcept {
    if (going_.load(std::memory_order_acquire) != 0)  // E4
      return Ticket();
    central_.fetch_add(1, std::memory_order_seq_cst);  // E2
    if (going_.load(std::memory_order_seq_cst) == 0)   // E2
      return Ticket(true);
    central_.fetch_sub(1, std::memory_order_seq_cst);
    M::wake_if_waiting(this);
    return Ticket();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template Atomic<std::int64_t> central_{0};
  typename M::template PerCpuWords<1> spares_;
};

}  // namespace getput
