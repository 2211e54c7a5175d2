// SPDX-License-Identifier: MIT
// Per-CPU hazard slots: N words per possible CPU, shared by all objects of the process. Each slot
// is empty (0) or shows one value, for example the address of an object that is in use.
//
// Two rules make a compare and a store sufficient, without a locked instruction:
//   - An empty slot is filled only by an rseq section on its own CPU.
//   - A filled slot is emptied only by its owner, with a plain store, from any CPU.
// No other writer can therefore come between the compare and the store of a section that commits.
//
// N is a multiple of 8, so that the slots of a CPU fill whole cache lines.
//
// Source: the slots of HPREF (Mathieu Desnoyers, userspace-rcu development branch, 2024,
// include/urcu/hpref.h), which are filled by rseq_load_cbne_store__ptr() of librseq. There the
// section compares the CPU and the slot; here it also tests a guard, as PerCpuWords does.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "annotate.hpp"
#include "atomic_ref.hpp"
#include "cpus.hpp"
#include "per_cpu.hpp"
#include "process_wide.hpp"
#include "rseq.hpp"

namespace getput::machine {

/// @p User separates the slots of one scheme from those of another, by User::kCpuSlotsName, a
/// string that N is appended to. Objects of this class are handles to the same memory, which is
/// mapped for the life of the process. take() needs rseq; Native::require() has checked.
template <class User, std::size_t N>
class PerCpuSlots {
  static_assert(N % 8 == 0, "slots of two CPUs must not share a cache line");

 public:
  static constexpr std::size_t kBytesPerCpu = N * sizeof(std::int64_t);

  /// A slot that its owner has filled; false if there is none. Any thread may clear it. One value
  /// stands for "elsewhere", for owners who keep some of what they own in another place.
  class Slot {
   public:
    constexpr Slot() noexcept = default;
    static constexpr Slot elsewhere() noexcept { return Slot(kElsewhere); }
    constexpr explicit operator bool() const noexcept { return word_ != 0; }
    constexpr bool is_elsewhere() const noexcept { return word_ == kElsewhere; }

    /// Empties the slot, which then has no owner. Release.
    void clear() const noexcept {
      AtomicRef<std::int64_t>(*reinterpret_cast<std::int64_t*>(word_))
          .store(0, std::memory_order_release);
    }

   private:
    friend class PerCpuSlots;
    static constexpr std::uintptr_t kElsewhere = 1;  // no word has this address
    constexpr explicit Slot(std::uintptr_t word) noexcept : word_(word) {}
    std::uintptr_t word_ = 0;
  };

  /// Throws OutOfSlots, or std::bad_alloc, if the memory cannot be mapped; only the first object of
  /// the process maps any.
  PerCpuSlots() : first_(ProcessWide<Memory>::get().first) {}

  /// One rseq section: if @p guard has no bit of @p mask and this CPU's slot @p index is empty,
  /// fills the slot with @p value and returns it; else returns none. Acquire on the guard and on
  /// the slot's last clear(); release for what this thread did before. A remover that sets a bit
  /// and then calls rseq_barrier() knows that every later section sees it.
  Slot take(std::size_t index, const std::atomic<std::uint32_t>& guard, std::uint32_t mask,
            std::uint64_t value) const noexcept {
    keep_image_mapped<PerCpuSlots>();
    char* const slot = rseq_arch::store_if_empty(
        &guard, mask, first_ + index * sizeof(std::int64_t), static_cast<std::int64_t>(value));
    annotate_acquire(const_cast<std::atomic<std::uint32_t>*>(&guard));
    if (slot != nullptr) [[likely]]
      annotate_acquire(slot);
    return Slot(reinterpret_cast<std::uintptr_t>(slot));
  }

  /// How many slots of all CPUs show @p value, each read once. Acquire. Works without rseq.
  std::int64_t showing(std::uint64_t value) const noexcept {
    std::int64_t found = 0;
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
      for (std::size_t index = 0; index < N; ++index) {
        auto& word = *reinterpret_cast<std::int64_t*>(first_ + cpu * kCpuStride +
                                                      index * sizeof(std::int64_t));
        if (AtomicRef<std::int64_t>(word).load(std::memory_order_acquire) ==
            static_cast<std::int64_t>(value))
          ++found;
      }
    return found;
  }

 private:
  struct Memory {
    static constexpr auto kNameText = numbered_name(User::kCpuSlotsName, N);
    static constexpr const char* kName = kNameText.data();
    char* const first = PerCpuArena<kBytesPerCpu>::instance().take();  // CPU 0's copy
  };

  char* first_;
};

}  // namespace getput::machine
