// SPDX-License-Identifier: MIT
// Per-CPU words: N 64-bit counters of one object, a copy on every possible CPU.
//
// Layout: each CPU has one region on its own NUMA node; an object's words lie side by side in a
// slot, and the slots of many objects side by side in the region. An object costs 8 * N bytes a
// CPU. Words are written only by the CPU they belong to (rseq) and read by a remover.
//
// Source: the idea of Linux alloc_percpu() (mm/percpu.c) as used for module counts since 2.6.34.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "annotate.hpp"
#include "cpus.hpp"
#include "region.hpp"
#include "rseq.hpp"
#include "slot_space.hpp"

namespace getput::machine {

/// The regions that hold all slots of one size. One instance per size for the process, never
/// destroyed: objects with static storage may outlive any order of destruction.
template <std::size_t SlotBytes>
class PerCpuArena {
 public:
  static PerCpuArena& instance() {
    static PerCpuArena* const arena = new PerCpuArena;
    return *arena;
  }

  /// Address of CPU 0's copy of a fresh, zeroed slot; CPU n's copy is n * kCpuStride further.
  /// Throws OutOfSlots.
  char* take() {
    const std::lock_guard lock(mutex_);
    const std::uint32_t slot = slots_.take();
    try {
      grow_to((slot + std::size_t{1}) * SlotBytes);
    } catch (...) {
      slots_.give_back(slot);
      throw;
    }
    return base_ + slot * SlotBytes;
  }

  /// Returns a slot. The caller guarantees that no thread counts in it any more.
  void give_back(char* first) noexcept {
    const std::lock_guard lock(mutex_);
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) zero(first + cpu * kCpuStride);
    slots_.give_back(
        static_cast<std::uint32_t>(static_cast<std::size_t>(first - base_) / SlotBytes));
  }

 private:
  static constexpr const char* kWhat = "per-CPU counter memory";
  static constexpr std::size_t kStep = std::size_t{256} << 10;

  PerCpuArena() : base_(reserve_region(possible_cpus() * kCpuRegionBytes, kWhat)) {
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) nodes_.push_back(node_of_cpu(cpu));
  }

  // The 64-byte stagger of the last CPU's copy has to fit into its region as well.
  static std::uint32_t most_slots() noexcept {
    return static_cast<std::uint32_t>((kCpuRegionBytes - std::size_t{64} * possible_cpus()) /
                                      SlotBytes);
  }

  void grow_to(std::size_t bytes) {
    const std::size_t wanted = bytes + 64 * possible_cpus();
    while (committed_ < wanted) {
      for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) {
        char* begin = base_ + cpu * kCpuRegionBytes + committed_;
        commit_region(begin, kStep, kWhat);
        prefer_node(begin, kStep, nodes_[cpu]);
      }
      committed_ += kStep;
    }
  }

  // Reads first: a word that was never written lies on the shared zero page and stays there.
  static void zero(char* copy) noexcept {
    for (std::size_t i = 0; i < SlotBytes; i += sizeof(std::int64_t)) {
      std::atomic_ref<std::int64_t> word(*reinterpret_cast<std::int64_t*>(copy + i));
      if (word.load(std::memory_order_relaxed) != 0)
        word.store(0, std::memory_order_relaxed);
    }
  }

  std::mutex mutex_;
  char* base_;
  std::size_t committed_ = 0;
  SlotSpace slots_{most_slots(), kWhat};
  std::vector<int> nodes_;
};

/// N words a CPU for one object; with N = 8, a cache line. All but on() and sum() need rseq;
/// Native::require() has checked.
template <std::size_t N>
class PerCpuWords {
 public:
  static constexpr std::size_t kBytesPerCpu = N * sizeof(std::int64_t);

  PerCpuWords() : first_(Arena::instance().take()) {}
  ~PerCpuWords() { Arena::instance().give_back(first_); }
  PerCpuWords(const PerCpuWords&) = delete;
  PerCpuWords& operator=(const PerCpuWords&) = delete;

  /// One rseq section: if @p guard has no bit of @p mask, adds @p delta to this CPU's word Word and
  /// returns true; else false. Acquire on the guard; release for what this thread did before. A
  /// remover that sets a bit and then calls rseq_barrier() knows that every later section sees it.
  template <std::size_t Word>
  bool add_if_clear(const std::atomic<std::uint32_t>& guard, std::uint32_t mask,
                    std::int64_t delta) noexcept {
    char* const first = first_;  // the object may be gone once this put is counted
    annotate_release(first);
    const bool added = rseq_arch::add_if_clear<Word * 8>(&guard, mask, first, delta);
    annotate_acquire(const_cast<std::atomic<std::uint32_t>*>(&guard));
    return added;
  }

  /// As add_if_clear(), and only if the word stays within 0 .. @p limit; else false.
  template <std::size_t Word>
  bool add_within(const std::atomic<std::uint32_t>& guard, std::uint32_t mask, std::int64_t delta,
                  std::int64_t limit) noexcept {
    char* const first = first_;
    annotate_release(first);
    const bool added = rseq_arch::add_within<Word * 8>(&guard, mask, first, delta, limit);
    annotate_acquire(const_cast<std::atomic<std::uint32_t>*>(&guard));
    return added;
  }

  /// One rseq section: adds @p delta to this CPU's word Word. Release: what this thread did before
  /// is visible to whoever sees the sum.
  template <std::size_t Word>
  void add(std::int64_t delta) noexcept {
    char* const first = first_;
    annotate_release(first);
    rseq_arch::add<Word * 8>(first, delta);
  }

  /// CPU @p cpu's word Word as an atomic, for whatever CPU. For words that no rseq section counts
  /// in. Works without rseq.
  template <std::size_t Word>
  std::atomic_ref<std::int64_t> on(unsigned cpu) noexcept {
    return std::atomic_ref(word<Word>(cpu));
  }

  /// Sum over all possible CPUs of word Word, modulo 2^64. Acquire with respect to add().
  template <std::size_t Word>
  std::int64_t sum() const noexcept {
    std::uint64_t total = 0;
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
      total += static_cast<std::uint64_t>(
          std::atomic_ref(word<Word>(cpu)).load(std::memory_order_acquire));
    annotate_acquire(first_);
    return static_cast<std::int64_t>(total);
  }

  /// Sets every copy of word Word to zero. Only while nobody counts (after a barrier).
  template <std::size_t Word>
  void clear() noexcept {
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
      std::atomic_ref(word<Word>(cpu)).store(0, std::memory_order_relaxed);
  }

 private:
  using Arena = PerCpuArena<kBytesPerCpu>;

  template <std::size_t Word>
  std::int64_t& word(unsigned cpu) const noexcept {
    static_assert(Word < N);
    return *reinterpret_cast<std::int64_t*>(first_ + cpu * kCpuStride + Word * 8);
  }

  char* first_;
};

}  // namespace getput::machine
