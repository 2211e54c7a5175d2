// SPDX-License-Identifier: MIT
// A small table in every CPU of {owner, delta} pairs: what each owner's count has changed by on
// that CPU since it was last collected. An owner has its place in the table by its address; who
// finds another's pair there has to collect it first.
//
// Source: the delta caches of Refcache (Clements, Kaashoek, Zeldovich, EuroSys 2013), which are
// written with interrupts off; here by rseq sections, and the rest under a lock per CPU.
//
// Writers of one CPU's table
//   sections      add to a pair that is the owner's, unless the table is closed
//   lock holder   runs on that CPU, exchanges pairs by sections of its own: collect_here()
//   collector     holds the lock from anywhere, with the table closed and sections stopped
#pragma once

#include <atomic>
#include <cstdint>

#include "annotate.hpp"
#include "atomic_ref.hpp"
#include "cpus.hpp"
#include "per_cpu.hpp"
#include "rseq.hpp"
#include "spin_lock.hpp"

namespace getput::machine {

class PerCpuCache {
  struct alignas(64) Lock : SpinLock {};

 public:
  static constexpr std::uint32_t kSlots = 4096;
  static constexpr std::size_t kTableBytes = (kSlots + 1) * 16;
  /// Of the one that a process has.
  static constexpr std::size_t kBytesPerCpu = kTableBytes + sizeof(Lock);
  using Found = rseq_arch::Found;

  PerCpuCache() : first_(Arena::instance().take()), locks_(new Lock[possible_cpus()]) {}
  ~PerCpuCache() = delete;  // for the life of the process: owners with static storage may use it

  /// Where @p owner has its pair.
  static std::uint32_t slot_of(const void* owner) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(owner);
    return static_cast<std::uint32_t>((address >> 4) ^ (address >> 16)) % kSlots;
  }

  /// One section, see rseq_x86_64.hpp: counts @p delta for @p owner on this CPU, if no bit of
  /// @p mask is set in @p guard. Acquire on the guard; release for what this thread did before.
  // Told to ThreadSanitizer by this object's address: a store to the "closed" word, which is where
  // first_ points, would make it forget.
  Found add(const std::atomic<std::uint32_t>& guard, std::uint32_t mask, std::uint32_t slot,
            const void* owner, std::int64_t delta) noexcept {
    keep_image_mapped<SpinLock>();
    annotate_release(this);
    const Found found =
        rseq_arch::add_if_owner(&guard, mask, first_, pair(slot), as_word(owner), delta);
    annotate_acquire(const_cast<std::atomic<std::uint32_t>*>(&guard));
    return found;
  }

  /// Makes the pair at @p slot of the CPU this thread runs on @p owner's, with delta 0. What
  /// another owner had there is given to @p collect(other, delta) first.
  template <class Collect>
  void claim(std::uint32_t slot, const void* owner, Collect collect) noexcept {
    for (;;) {
      const unsigned cpu = rseq_arch::current_cpu();
      locks_[cpu].lock();
      const bool done = claim_on(cpu, slot, owner, collect);
      locks_[cpu].unlock();
      if (done)
        return;
    }
  }

  /// Gives every pair of CPU @p cpu to @p collect(owner, delta), also those with delta 0, and
  /// empties the table.
  template <class Collect>
  void collect_all(unsigned cpu, Collect collect) {
    const Closed closed(*this, cpu);
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) collect_closed(cpu, slot, collect);
  }

  /// Sum of @p owner's deltas, as they are read one after the other.
  std::int64_t peek(std::uint32_t slot, const void* owner) const noexcept {
    std::int64_t total = 0;
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
      if (owner_word(cpu, slot).load(std::memory_order_acquire) == as_word(owner))
        total += delta_word(cpu, slot).load(std::memory_order_acquire);
    return total;
  }

  /// @p owner is about to be destroyed: takes it out of every table.
  void forget(std::uint32_t slot, const void* owner) {
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) {
      if (owner_word(cpu, slot).load(std::memory_order_acquire) != as_word(owner))
        continue;
      const Closed closed(*this, cpu);
      if (owner_word(cpu, slot).load(std::memory_order_relaxed) == as_word(owner))
        collect_closed(cpu, slot, [](const void*, std::int64_t) {});
    }
  }

 private:
  using Arena = PerCpuArena<kTableBytes>;
  using Word = AtomicRef<std::int64_t>;

  /// While one lives, no section counts in the CPU's table.
  class Closed {
   public:
    Closed(PerCpuCache& cache, unsigned cpu) : cache_(cache), cpu_(cpu) {
      cache_.locks_[cpu_].lock();
      cache_.word(cpu_, 0).store(1, std::memory_order_relaxed);
      Membarrier::rseq_barrier();
      annotate_acquire(&cache_);
    }
    ~Closed() {
      cache_.word(cpu_, 0).store(0, std::memory_order_release);
      cache_.locks_[cpu_].unlock();
    }
    Closed(const Closed&) = delete;
    Closed& operator=(const Closed&) = delete;

   private:
    PerCpuCache& cache_;
    unsigned cpu_;
  };

  static std::int64_t as_word(const void* owner) noexcept {
    return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(owner));
  }
  static void* as_owner(std::int64_t word) noexcept {
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(word));
  }

  // The first pair of a table is its "closed" word.
  char* pair(std::uint32_t slot) const noexcept { return first_ + (slot + std::size_t{1}) * 16; }
  Word word(unsigned cpu, std::size_t offset) const noexcept {
    return Word(*reinterpret_cast<std::int64_t*>(first_ + cpu * kCpuStride + offset));
  }
  Word owner_word(unsigned cpu, std::uint32_t slot) const noexcept {
    return word(cpu, (slot + std::size_t{1}) * 16);
  }
  Word delta_word(unsigned cpu, std::uint32_t slot) const noexcept {
    return word(cpu, (slot + std::size_t{1}) * 16 + 8);
  }

  template <class Collect>
  void collect_closed(unsigned cpu, std::uint32_t slot, Collect collect) {
    void* const owner = as_owner(owner_word(cpu, slot).load(std::memory_order_acquire));
    if (owner == nullptr)
      return;
    collect(owner, delta_word(cpu, slot).load(std::memory_order_acquire));
    delta_word(cpu, slot).store(0, std::memory_order_relaxed);
    owner_word(cpu, slot).store(0, std::memory_order_release);
  }

  /// Holding the CPU's lock. False if this thread no longer runs there.
  template <class Collect>
  bool claim_on(unsigned cpu, std::uint32_t slot, const void* owner, Collect collect) noexcept {
    char* const here = pair(slot) + cpu * kCpuStride;
    while (rseq_arch::current_cpu() == cpu) {
      const std::int64_t other = owner_word(cpu, slot).load(std::memory_order_acquire);
      if (other == as_word(owner))
        return true;
      const std::int64_t delta = delta_word(cpu, slot).load(std::memory_order_acquire);
      if (other != 0) {
        // Between these two the other owner may count on; then the second is tried again.
        if (!rseq_arch::store_if_pair<1>(cpu, here, other, delta, 0))
          continue;
        annotate_acquire(this);
        collect(as_owner(other), delta);
      }
      if (rseq_arch::store_if_pair<0>(cpu, here, other, 0, as_word(owner)))
        return true;
    }
    return false;
  }

  char* first_;
  Lock* locks_;
};

}  // namespace getput::machine
