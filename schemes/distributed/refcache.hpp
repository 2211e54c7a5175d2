// SPDX-License-Identifier: MIT
// refcache: each CPU caches what a count has changed by; zero is believed after two quiet epochs.
//
// What: gets and puts change a small delta in a table of the CPU they run on. A delta reaches the
// object's global count when its place in the table is wanted by another object, or when the table
// is flushed. An epoch is over when every CPU's table has been flushed once. An object whose global
// count came to zero, and of which nothing was collected until two epochs had ended, has a true
// count of zero.
//
// Where from: Clements, Kaashoek, Zeldovich: "RadixVM: Scalable Address Spaces for Multithreaded
// Applications", EuroSys 2013, section 3.1; sv6 include/refcache.hh, kernel/refcache.cc. There each
// core flushes on a 10 ms tick; here whoever waits for a removal flushes, one CPU after the other,
// and looks himself. So there is no queue of objects on review, and no dirty bit for those on it
// whose count has come to zero once more: the two epochs begin anew.
//
// Cost: one rseq section per get and per put, with three comparisons more than percpu_split. Space
// is CPUs plus objects instead of CPUs times objects: a table is 64 KiB a CPU for the whole
// process.
//
// Invariants
//   I1  global_ + the object's deltas in all tables (+ one in the hands of whoever collects it, who
//       holds that CPU's lock) = 1 while not going + references held.
//   I2  Flushing a table takes its CPU's lock, so an epoch does not end while a delta is in
//       somebody's hands.
//   I3  Pairs with delta 0 are collected too: the object was used on that CPU.
//   I4  A table loses a pair only to a collection. If global_ is zero after the last collection and
//       each table was closed since and held no pair of the object, then none did when global_
//       came to zero: the true count was zero, and nobody comes in again (E2). An epoch that begins
//       after it closes each table; of two that end, the second has begun after it.
//
// Ordering
//   E1  put's section (release) -> collecting the delta (acquire) -> global_ under the
//       object's lock -> review under the object's lock.
//   E2  going_ = 1 -> the barrier of each flush after it -> every later section sees it.
//   E3  The object's lock, from each collection to the next.
//   E4  epoch_ += 1 -> the barrier of the next epoch's first flush, which every thread takes part
//       in -> every look at epoch_ behind it. A collection whose look misses the end of an epoch so
//       came before all flushes of the next, which then is whole for it.
//   E5  restart's release of going_ -> the acquire of a section that finds it clear.
//
// Limits: a removal takes at least two flushes of every CPU's table and a barrier for each. Weak
// references with a dying bit, which the paper uses to revive objects, are the going flag here. Who
// misses in the table takes its CPU's lock: blocking. There is no try_stop(): nobody can tell
// without the epochs. Outside the C++ memory model as percpu_split is.
#pragma once

#include <chrono>
#include <limits>
#include <mutex>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class Refcache {
  using Cache = typename M::PerCpuCache;

  /// What all objects share.
  struct Machine {
    static constexpr const char* kName = "refcache";
    typename M::SpinLock flush_lock;
    typename M::template Atomic<std::uint64_t> epoch{0};
    Cache* const caches = new Cache;
  };

 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "refcache",
      .summary = "per-CPU delta caches, zero confirmed after two epochs",
      .origin = "Clements, Kaashoek, Zeldovich, EuroSys 2013",
      .try_stop = false,
      .fork_any_moment = false,
      .count = CountExactness::approximate,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::blocking,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 40,
      .shared_bytes_per_cpu = M::PerCpuCache::kBytesPerCpu,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  Refcache() { M::require(info); }
  ~Refcache() { machine_.caches->forget(slot_, this); }
  Refcache(const Refcache&) = delete;
  Refcache& operator=(const Refcache&) = delete;

  Ticket try_get() noexcept { return Ticket(change(kWhileLive, 1)); }
  Ticket get(const Ticket&) noexcept { return Ticket(change(kAlways, 1)); }
  void put(Ticket) noexcept { change(kAlways, -1); }

  [[nodiscard]] bool try_stop() { return false; }

  void stop() {
    going_.store(1, std::memory_order_relaxed);  // E2
    collect(*this, -1);  // the reference that stands for "not being removed"
  }

  /// One epoch and a look.
  [[nodiscard]] bool drained() {
    const std::uint64_t epochs = flush_all();
    return review(epochs);
  }

  void wait_drained(StopToken token) {
    while (!drained() && !token.stop_requested()) M::pause(kTick, token);
  }

  void restart() {
    unused_ = false;
    collect(*this, 1);
    going_.store(0, std::memory_order_release);  // E5
  }

  std::int64_t count() const {
    const std::int64_t cached = machine_.caches->peek(slot_, this);
    const std::lock_guard lock(lock_);
    const std::int64_t live = going_.load(std::memory_order_relaxed) != 0 ? 0 : 1;
    return modular_difference(modular_sum<std::int64_t>(global_, cached), live);
  }

  /// For tests: as if this CPU's cache had been counting for long, and others had been collected.
  void near_overflow(std::int64_t n) noexcept {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() - n;
    change(kAlways, most);
    collect(*this, -most);
  }

 private:
  enum : std::uint32_t { kAlways = 0, kWhileLive = 1 };
  static constexpr std::chrono::milliseconds kTick{1};

  /// False if refused. Nothing of the object is touched once the section has counted.
  bool change(std::uint32_t mask, std::int64_t delta) noexcept {
    const auto found = machine_.caches->add(going_, mask, slot_, this, delta);
    if (found == Cache::Found::added) [[likely]]
      return true;
    return found == Cache::Found::missed && claim_and_change(mask, delta);
  }

  [[gnu::cold, gnu::noinline]] bool claim_and_change(std::uint32_t mask,
                                                     std::int64_t delta) noexcept {
    for (;;) {
      machine_.caches->claim(slot_, this, [](void* other, std::int64_t other_delta) {
        collect(*static_cast<Refcache*>(other), other_delta);
      });
      const auto found = machine_.caches->add(going_, mask, slot_, this, delta);
      if (found != Cache::Found::missed)
        return found == Cache::Found::added;
    }
  }

  /// @p delta leaves a cache for the object's global count. E1, E3
  static void collect(Refcache& object, std::int64_t delta) {
    const std::lock_guard lock(object.lock_);
    object.global_ = modular_sum<std::int64_t>(object.global_, delta);
    if (object.global_ == 0)
      object.review_epoch_ =
          object.machine_.epoch.load(std::memory_order_relaxed) + kQuietEpochs;  // E4
  }

  /// One epoch. Returns how many there have been.
  std::uint64_t flush_all() {
    const std::lock_guard one_at_a_time(machine_.flush_lock);
    for (unsigned cpu = 0; cpu < M::possible_cpus(); ++cpu)
      machine_.caches->collect_all(cpu, [](void* owner, std::int64_t delta) {
        collect(*static_cast<Refcache*>(owner), delta);
      });
    return machine_.epoch.fetch_add(1, std::memory_order_relaxed) + 1;  // E4
  }

  /// Callers who are refused leave pairs behind, and so the verdict stands.
  bool review(std::uint64_t epochs) {
    const std::lock_guard lock(lock_);
    if (global_ == 0 && epochs >= review_epoch_)  // I4
      unused_ = true;
    return unused_;
  }

  // An epoch that was under way when the count came to zero does not count: a whole one follows.
  static constexpr std::uint64_t kQuietEpochs = 2;

  typename M::template Atomic<std::uint32_t> going_{0};
  const std::uint32_t slot_ = Cache::slot_of(this);
  Machine& machine_ = M::template ProcessWide<Machine>::get();
  typename M::template Plain<bool> unused_ = false;  // the remover's alone
  mutable typename M::SpinLock lock_;                // of the following
  typename M::template Plain<std::int64_t> global_ = 1;
  typename M::template Plain<std::uint64_t> review_epoch_ = 0;  // of the last time it came to zero
};

}  // namespace getput
