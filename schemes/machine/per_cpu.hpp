// SPDX-License-Identifier: MIT
// Per-CPU words: N 64-bit counters of one object, a copy on every possible CPU.
//
// Layout, as the kernel's alloc_percpu() has it: memory is mapped in chunks of one unit a CPU, each
// unit on its CPU's NUMA node; an object's words lie side by side in a slot, and the slots of many
// objects side by side in the unit. An object costs 8 * N bytes a CPU. Words are written only by
// the CPU they belong to (rseq) and read by a remover.
//
// Source: Linux mm/percpu.c, as used for module counts since 2.6.34.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "annotate.hpp"
#include "atomic_ref.hpp"
#include "cpus.hpp"
#include "process_wide.hpp"
#include "region.hpp"
#include "rseq.hpp"
#include "slot_space.hpp"

namespace getput::machine {

/// The chunks that hold all slots of one size. One for the process.
template <std::size_t SlotBytes>
class PerCpuArena {
 public:
  static constexpr auto kNameText = numbered_name("per-CPU counter memory of ", SlotBytes);
  static constexpr const char* kName = kNameText.data();

  static PerCpuArena& instance() noexcept { return ProcessWide<PerCpuArena>::get(); }

  /// Address of CPU 0's copy of a fresh, zeroed slot; CPU n's copy is n * kCpuStride further.
  /// Throws OutOfSlots.
  char* take() {
    static_cast<void>(possible_cpus());  // found before the lock is taken, see ThreadArena
    const std::lock_guard lock(mutex_);
    if (slots_.would_grow() && slots_.high_water() == chunks_.size() * slots_per_chunk())
      chunks_.push_back(fresh_chunk());
    const std::uint32_t slot = slots_.take();
    return chunks_[slot / slots_per_chunk()] + slot % slots_per_chunk() * SlotBytes;
  }

  /// Returns a slot. The caller guarantees that no thread counts in it any more.
  void give_back(char* first) noexcept {
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) zero(first + cpu * kCpuStride);
    const std::lock_guard lock(mutex_);
    slots_.give_back(slot_of(first));
  }

  void before_fork() noexcept { mutex_.lock(); }
  void after_fork() noexcept { mutex_.unlock(); }
  void in_child() noexcept { mutex_.unlock(); }

 private:
  static constexpr const char* kWhat = "per-CPU counter memory";
  static constexpr std::uint32_t kMostSlots = std::uint32_t{1} << 26;

  // The 64-byte stagger of the last CPU's copy has to fit into its unit as well.
  static std::uint32_t slots_per_chunk() noexcept {
    return static_cast<std::uint32_t>((kCpuUnitBytes - std::size_t{64} * possible_cpus()) /
                                      SlotBytes);
  }
  static std::size_t chunk_bytes() noexcept { return possible_cpus() * kCpuUnitBytes; }

  static char* fresh_chunk() {
    char* const chunk = map_region(chunk_bytes(), kWhat);
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
      prefer_node(chunk + cpu * kCpuUnitBytes, kCpuUnitBytes, node_of_cpu(cpu));
    return chunk;
  }

  std::uint32_t slot_of(const char* first) const noexcept {
    std::uint32_t chunk = 0;
    while (first < chunks_[chunk] || first >= chunks_[chunk] + kCpuUnitBytes) ++chunk;
    return chunk * slots_per_chunk() +
           static_cast<std::uint32_t>(static_cast<std::size_t>(first - chunks_[chunk]) / SlotBytes);
  }

  // Reads first: a word that was never written lies on the shared zero page and stays there.
  static void zero(char* copy) noexcept {
    for (std::size_t i = 0; i < SlotBytes; i += sizeof(std::int64_t)) {
      AtomicRef<std::int64_t> word(*reinterpret_cast<std::int64_t*>(copy + i));
      if (word.load(std::memory_order_relaxed) != 0)
        word.store(0, std::memory_order_relaxed);
    }
  }

  std::mutex mutex_;
  std::vector<char*> chunks_;
  SlotSpace slots_{kMostSlots, kWhat};
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
    keep_image_mapped<PerCpuWords>();
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
    keep_image_mapped<PerCpuWords>();
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
    keep_image_mapped<PerCpuWords>();
    char* const first = first_;
    annotate_release(first);
    rseq_arch::add<Word * 8>(first, delta);
  }

  /// CPU @p cpu's word Word as an atomic, for whatever CPU. For words that no rseq section counts
  /// in. Works without rseq.
  template <std::size_t Word>
  AtomicRef<std::int64_t> on(unsigned cpu) noexcept {
    return AtomicRef<std::int64_t>(word<Word>(cpu));
  }

  /// Sum over all possible CPUs of word Word, modulo 2^64. Acquire with respect to add().
  template <std::size_t Word>
  std::int64_t sum() const noexcept {
    std::uint64_t total = 0;
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
      total += static_cast<std::uint64_t>(
          AtomicRef<std::int64_t>(word<Word>(cpu)).load(std::memory_order_acquire));
    annotate_acquire(first_);
    return static_cast<std::int64_t>(total);
  }

  /// Sets every copy of word Word to zero. Only while nobody counts (after a barrier).
  template <std::size_t Word>
  void clear() noexcept {
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
      AtomicRef<std::int64_t>(word<Word>(cpu)).store(0, std::memory_order_relaxed);
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
