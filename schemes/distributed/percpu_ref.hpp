// SPDX-License-Identifier: MIT
// percpu_ref: per-CPU counters while alive, one atomic counter once being killed.
//
// What: the kernel's percpu_ref with its whole state machine. While alive, gets and puts count on
// the CPU they run on. Killing switches to one atomic word: mark, wait until nobody is in a per-CPU
// section, move the sum over; from then on the put that reaches zero knows it.
//            init                    kill (confirm, then drop the initial reference)
//   ATOMIC  <---->  PER-CPU  ------------------------>  ATOMIC + DEAD  -> zero: release
//        switch_to_*    ^-------------------------------------'
//                          resurrect, reinit (at zero)
//
// Where from: Linux 3.11 to today, lib/percpu-refcount.c (Kent Overstreet 2013, Tejun Heo).
//
// Cost: alive, one rseq section per get and per put; dead, a section that is left at the flags, and
// an atomic.
//
// Invariants
//   I1  references = gets - puts over all CPUs + count_ (less kBias while per-CPU). The initial
//       reference keeps it above zero until kill drops it; meanwhile count() may be one too high.
//   I2  A section counts per CPU only if it saw neither flag; after a flag and rseq_barrier() no
//       section counts per CPU, so the sum is final.
//   I3  count_ holds kBias until the sum has moved, so it cannot reach zero half way.
//   I4  kPending is set while a kill has marked and the sum has not moved. It is set and cleared
//       under switch_lock_, so one thread moves the sum, confirms and drops the initial reference.
//
// Ordering
//   E1  flags_ |= kAtomic; rseq_barrier() -> every later section sees the flag: I2. The kernel's
//       rcu_read_lock_sched and call_rcu.
//   E2  per-CPU put (release) -> sum -> count_ (seq_cst) -> the put that reaches zero -> drained().
//   E3  count_ += kBias, words cleared -> flags_ without kAtomic (release) -> a section.
//   E4  resurrect: count_ += 1, flags_ (release) -> try_get's flags_ (acquire) or count_.
//
// Differences from the kernel: two one-way words a CPU (16 bytes, not 8): add and subtract on one
// word wait for each other. kill() confirms before it returns, after one membarrier. kill_async()
// only marks, as percpu_ref_kill_and_confirm() does in the kernel, where call_rcu() runs the rest
// later. The library has no thread of its own, so here the rest is complete_kill(), for a worker or
// an event loop of the program. drained(), wait_drained() and resurrect() call it too: blk-mq and
// io_uring kill, go on and then wait for zero. The initial reference goes once the kill is
// confirmed. Per-CPU words are kept while dead.
//
// Managed mode: PERCPU_REF_REL_MANAGED of Neeraj Upadhyay's RFC (September 2024; not merged as far
// as was found) is for objects whose end no thread knows. A kernel thread switches each to atomic,
// drops the initial reference and takes it again unless that was the last one. Here a scan of one
// object is release_if_unused(), which takes the initial reference away only if it is the last;
// percpu_ref_manager.hpp scans many.
//
// Limits: tryget (try_get_any) succeeds on a dying object; only tryget_live (try_get) refuses, and
// for certain only once kill has confirmed. kill_async() spins while another thread switches modes
// of the same object, for the time of a membarrier. While a manager scans an object, its gets and
// puts are atomic. Outside the C++ memory model as percpu_split is.
#pragma once

#include <cstdint>
#include <mutex>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class PercpuRef {
 public:
  /// Where the reference was counted. From the atomic word it is taken again in whatever mode (I1),
  /// without a look at the mode: a load between two locked instructions holds up the second. After
  /// get_many() it stands for each of the references: they may be put one by one or together.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return where_ != Where::nowhere; }

   private:
    friend class PercpuRef;
    enum class Where : std::uint8_t { nowhere, on_cpu, in_atomic, in_atomic_with_release };
    constexpr explicit Ticket(Where where) noexcept : where_(where) {}

    Where where_ = Where::nowhere;
  };

  /// Called by the put that reaches zero. The object may be freed in it.
  using Release = void (*)(PercpuRef&);
  /// Called once a kill is confirmed.
  using Confirm = void (*)(PercpuRef&);

  /// How a reference starts: PERCPU_REF_INIT_ATOMIC and PERCPU_REF_INIT_DEAD of the kernel.
  enum class Init : std::uint8_t { percpu, atomic, dead };

  static constexpr SchemeInfo info{
      .name = "percpu_ref",
      .summary = "per-CPU counters that switch to one atomic counter when killed",
      .origin = "Linux 3.11 to today, lib/percpu-refcount.c",
      .fork_any_moment = false,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::after_switch,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 128,
      .bytes_per_cpu = 16,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  explicit PercpuRef(Release release = nullptr, Init init = Init::percpu)
      : force_atomic_(init == Init::atomic), release_(release) {
    M::require(info);
    if (init == Init::percpu)
      return;
    flags_.store(init == Init::dead ? kAtomic | kDead : kAtomic, std::memory_order_relaxed);
    count_.store(init == Init::dead ? 0 : 1, std::memory_order_relaxed);
  }

  /// percpu_ref_tryget_live: refused for certain once kill has confirmed.
  Ticket try_get() noexcept { return try_get_many(1); }
  Ticket try_get_many(std::uint64_t n) noexcept {
    if (count_per_cpu<kGets>(n)) [[likely]]
      return Ticket(Where::on_cpu);
    return !is_dying() && add_unless_zero(n) ? in_atomic() : Ticket();
  }

  /// percpu_ref_tryget[_many]: refused only at zero, so it still succeeds between kill and the last
  /// put.
  Ticket try_get_any() noexcept { return try_get_any_many(1); }
  Ticket try_get_any_many(std::uint64_t n) noexcept {
    if (count_per_cpu<kGets>(n)) [[likely]]
      return Ticket(Where::on_cpu);
    return add_unless_zero(n) ? in_atomic() : Ticket();
  }

  /// percpu_ref_get[_many]: the caller already holds a reference.
  Ticket get(const Ticket& held) noexcept { return get_many(held, 1); }
  Ticket get_many(const Ticket&, std::uint64_t n) noexcept {
    if (count_per_cpu<kGets>(n)) [[likely]]
      return Ticket(Where::on_cpu);
    count_.fetch_add(n, std::memory_order_seq_cst);
    return in_atomic();
  }

  /// percpu_ref_put[_many]: @p n of the references that the ticket stands for.
  void put(Ticket held) noexcept { put_many(held, 1); }
  void put_many(Ticket held, std::uint64_t n) noexcept {
    if (held.where_ == Where::in_atomic) [[unlikely]] {
      if (count_.fetch_sub(n, std::memory_order_seq_cst) == n)  // E2
        M::wake_if_waiting(this);
    } else if (held.where_ != Where::on_cpu || !count_per_cpu<kPuts>(n)) [[unlikely]] {  // E2
      put_atomic(n);
    }
  }

  /// percpu_ref_kill_and_confirm: no try_get that starts later succeeds; @p confirm is called once
  /// that is so, before the initial reference is dropped. Killing twice warns and does nothing.
  template <class Confirm>
  void kill_and_confirm(Confirm confirm) {
    {
      const std::lock_guard lock(switch_lock_);
      if (is_dying()) {
        M::warn_once(warned_, "percpu_ref: killed twice (ignored)");
        return;
      }
      move_to_atomic(kDead);
    }
    confirm();
    put_atomic(1);
  }
  void kill() {
    kill_and_confirm([] {});
  }

  /// percpu_ref_kill_and_confirm without its wait: marks, issues no barrier and returns. The rest
  /// is done by the first complete_kill(), drained(), wait_drained() or resurrect(), on any thread,
  /// and calls @p confirm there. Done at once if the reference is atomic already.
  void kill_async(Confirm confirm = nullptr) {
    {
      const std::lock_guard lock(switch_lock_);
      if (is_dying()) {
        M::warn_once(warned_, "percpu_ref: killed twice (ignored)");
        return;
      }
      if (!is_atomic()) {
        confirm_ = confirm;
        flags_.fetch_or(kAtomic | kDead | kPending, std::memory_order_seq_cst);  // E1, I4
        return;
      }
      flags_.fetch_or(kDead, std::memory_order_seq_cst);
    }
    confirm_kill(confirm);
  }

  /// Completes a kill_async(). Returns true if this call confirmed it; false if nothing is pending,
  /// or if another thread has begun to confirm it.
  bool complete_kill() {
    if (!is_pending()) [[likely]]
      return false;
    Confirm confirm = nullptr;
    {
      const std::lock_guard lock(switch_lock_);
      if (!is_pending())
        return false;
      collect();
      flags_.fetch_and(~std::uint32_t{kPending}, std::memory_order_seq_cst);  // I4
      confirm = confirm_;
    }
    confirm_kill(confirm);
    return true;
  }

  /// percpu_ref_resurrect: back to life; references still held stay held. Only when dying.
  void resurrect() {
    for (;;) {
      complete_kill();
      const std::lock_guard lock(switch_lock_);
      if (!is_pending())  // else another kill_async() came between
        return revive();
    }
  }

  /// percpu_ref_reinit: resurrect at zero.
  void reinit() {
    if (!is_zero())
      M::warn_once(warned_, "percpu_ref: reinit while references are held");
    resurrect();
  }

  /// percpu_ref_switch_to_atomic: stays there until switch_to_percpu(). Nothing is refused.
  void switch_to_atomic() {
    const std::lock_guard lock(switch_lock_);
    force_atomic_ = true;
    move_to_atomic(0);
  }

  /// percpu_ref_switch_to_percpu: at once if alive, else when resurrected.
  void switch_to_percpu() {
    const std::lock_guard lock(switch_lock_);
    force_atomic_ = false;
    if (!is_dying() && is_atomic())
      move_to_percpu();
  }

  bool is_dying() const noexcept { return (flags_.load(std::memory_order_acquire) & kDead) != 0; }
  bool is_zero() const noexcept {
    return is_atomic() && count_.load(std::memory_order_acquire) == 0;  // E2
  }

  /// Decides on the atomic counter, where the initial reference can be taken away only if it is
  /// the last. Callers are served meanwhile: nothing fails spuriously.
  [[nodiscard]] bool try_stop() {
    const std::lock_guard lock(switch_lock_);
    if (is_dying())  // its last reference is a caller's, not the initial one
      return false;
    const bool was_atomic = is_atomic();
    move_to_atomic(0);
    std::uint64_t only_initial = 1;
    if (count_.compare_exchange_strong(only_initial, 0, std::memory_order_seq_cst)) {  // E2
      flags_.fetch_or(kDead, std::memory_order_seq_cst);
      return true;
    }
    if (!was_atomic)
      move_to_percpu();
    return false;
  }

  /// One scan of managed mode. Returns true if no reference but the initial one was left: the
  /// object is dead, and its release function has been called.
  bool release_if_unused() {
    if (!try_stop())
      return false;
    if (release_ != nullptr)
      release_(*this);
    return true;
  }

  void stop() { kill(); }
  [[nodiscard]] bool drained() {
    complete_kill();
    return is_zero();  // E2
  }
  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }
  void restart() { resurrect(); }

  std::int64_t count() const {
    const std::lock_guard lock(switch_lock_);
    const auto puts = static_cast<std::uint64_t>(words_.template sum<kPuts>());
    M::full_barrier();
    std::uint64_t total = count_.load(std::memory_order_acquire) - puts;
    M::full_barrier();
    total += static_cast<std::uint64_t>(words_.template sum<kGets>());
    const bool moved = is_atomic() && !is_pending();
    const bool initial = !is_dying() || is_pending();
    return static_cast<std::int64_t>(total - (moved ? 0 : kBias) - (initial ? 1 : 0));
  }

  /// For tests: as if this CPU's words had been counting for long.
  void near_overflow(std::int64_t n) noexcept {
    words_.template add<kGets>(INT64_MAX - n);
    words_.template add<kPuts>(INT64_MAX - n);
  }

 private:
  using Where = typename Ticket::Where;
  enum : std::size_t { kGets, kPuts };
  enum : std::uint32_t { kAtomic = 1, kDead = 2, kPending = 4 };
  static constexpr std::uint64_t kBias = std::uint64_t{1} << 63;

  // No look before the section: it would decide nothing (I2), and costs Zen 3 a quarter of a pair.
  template <std::size_t Word>
  bool count_per_cpu(std::uint64_t n) noexcept {
    return words_.template add_if_clear<Word>(flags_, kAtomic | kDead,
                                              static_cast<std::int64_t>(n));
  }

  Ticket in_atomic() const noexcept {
    return Ticket(release_ != nullptr ? Where::in_atomic_with_release : Where::in_atomic);
  }

  bool is_atomic() const noexcept {
    return (flags_.load(std::memory_order_acquire) & kAtomic) != 0;
  }

  bool is_pending() const noexcept {
    return (flags_.load(std::memory_order_acquire) & kPending) != 0;
  }

  void confirm_kill(Confirm confirm) {
    if (confirm != nullptr)
      confirm(*this);
    put_atomic(1);
  }

  // Under switch_lock_.
  void revive() {
    if (!is_dying()) {
      M::warn_once(warned_, "percpu_ref: resurrected while alive (ignored)");
      return;
    }
    count_.fetch_add(1, std::memory_order_seq_cst);    // E4
    flags_.store(kAtomic, std::memory_order_release);  // E4
    if (!force_atomic_)
      move_to_percpu();
  }

  [[gnu::noinline]] bool add_unless_zero(std::uint64_t n) noexcept {
    std::uint64_t seen = count_.load(std::memory_order_relaxed);
    do {
      if (seen == 0)
        return false;
    } while (!count_.compare_exchange_weak(seen, seen + n, std::memory_order_seq_cst,
                                           std::memory_order_relaxed));
    return true;
  }

  [[gnu::noinline]] void put_atomic(std::uint64_t n) noexcept {
    const Release release = release_;  // not after the last put: the object may be gone
    if (count_.fetch_sub(n, std::memory_order_seq_cst) != n)  // E2
      return;
    if (release != nullptr)
      release(*this);
    M::wake_if_waiting(this);
  }

  // All three under switch_lock_.
  void move_to_atomic(std::uint32_t and_flag) {
    const std::uint32_t before =
        flags_.fetch_or(kAtomic | and_flag, std::memory_order_seq_cst);  // E1
    if ((before & kAtomic) == 0)
      collect();
  }

  // The flag is set; behind the barrier the per-CPU words stand still.
  void collect() {
    M::rseq_barrier();  // E1
    const auto sum = static_cast<std::uint64_t>(
        modular_difference(words_.template sum<kGets>(), words_.template sum<kPuts>()));
    words_.template clear<kGets>();
    words_.template clear<kPuts>();
    count_.fetch_add(sum - kBias, std::memory_order_seq_cst);  // I3
  }

  void move_to_percpu() {
    count_.fetch_add(kBias, std::memory_order_seq_cst);  // E3
    flags_.store(0, std::memory_order_release);          // E3
  }

  static inline std::atomic<bool> warned_{false};

  typename M::template Atomic<std::uint32_t> flags_{0};
  mutable typename M::SpinLock switch_lock_;
  typename M::template Plain<bool> force_atomic_;
  Release release_;
  Confirm confirm_ = nullptr;  // of the kill that is pending; under switch_lock_
  typename M::template PerCpuWords<2> words_;
  // Apart from what every get and put reads: once killed, each writes it.
  alignas(64) typename M::template Atomic<std::uint64_t> count_{1 + kBias};
};

}  // namespace getput
