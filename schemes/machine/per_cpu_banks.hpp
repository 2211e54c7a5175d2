// SPDX-License-Identifier: MIT
// Per-CPU words in two banks: 2 * N counters of one object per CPU, N of which are current.
//
// A bank is named by a value that leads to its words without a look at the object. A reader that
// has it needs one load less per count, and may count after the object is gone.
//
// Source: struct srcu_ctr and srcu_struct::srcu_ctrp of Linux 6.15 (include/linux/srcutree.h),
// where a pointer replaced the index of the bank.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "annotate.hpp"
#include "per_cpu.hpp"

namespace getput::machine {

template <std::size_t N>
class PerCpuBanks {
 public:
  static constexpr std::size_t kBytesPerCpu = 2 * N * sizeof(std::int64_t);

  /// One of an object's banks; false if it is none.
  class Bank {
   public:
    constexpr Bank() noexcept = default;
    constexpr explicit operator bool() const noexcept { return first_ != nullptr; }
    constexpr bool operator==(const Bank&) const noexcept = default;

    /// As PerCpuWords::add().
    template <std::size_t Word>
    void add(std::int64_t delta) const noexcept {
      static_assert(Word < N);
      keep_image_mapped<PerCpuBanks>();
      annotate_release(first_);
      rseq_arch::add<Word * 8>(first_, delta);
    }

    /// As PerCpuWords::sum().
    template <std::size_t Word>
    std::int64_t sum() const noexcept {
      static_assert(Word < N);
      std::uint64_t total = 0;
      for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) {
        auto& word = *reinterpret_cast<std::int64_t*>(first_ + cpu * kCpuStride + Word * 8);
        total += static_cast<std::uint64_t>(
            AtomicRef<std::int64_t>(word).load(std::memory_order_acquire));
      }
      annotate_acquire(first_);
      return static_cast<std::int64_t>(total);
    }

   private:
    friend class PerCpuBanks;
    constexpr explicit Bank(char* first) noexcept : first_(first) {}
    char* first_ = nullptr;  // CPU 0's copy
  };

  PerCpuBanks() : first_(Arena::instance().take()) {}
  ~PerCpuBanks() { Arena::instance().give_back(first_); }
  PerCpuBanks(const PerCpuBanks&) = delete;
  PerCpuBanks& operator=(const PerCpuBanks&) = delete;

  /// The bank with number @p index, 0 or 1.
  Bank bank(unsigned index) const noexcept { return Bank(first_ + index * kBytesPerCpu / 2); }

 private:
  using Arena = PerCpuArena<kBytesPerCpu>;
  char* first_;
};

}  // namespace getput::machine
