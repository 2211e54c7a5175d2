// SPDX-License-Identifier: MIT
// machine::PerCpuSlots in the model: a section reads the guard and the slot, and commits; another
// thread may run before it reads the guard and before it commits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

template <class User, std::size_t N>
class PerCpuSlots {
 public:
  static constexpr std::size_t kBytesPerCpu = N * sizeof(std::int64_t);

  class Slot {
   public:
    constexpr Slot() noexcept = default;
    static constexpr Slot elsewhere() noexcept { return Slot(kElsewhere); }
    constexpr explicit operator bool() const noexcept { return word_ != 0; }
    constexpr bool is_elsewhere() const noexcept { return word_ == kElsewhere; }

    void clear(const Where& at = Where::current()) const noexcept {
      reinterpret_cast<Atomic<std::uint64_t>*>(word_)->store(0, std::memory_order_release, at);
    }

   private:
    friend class PerCpuSlots;
    static constexpr std::uintptr_t kElsewhere = 1;
    constexpr explicit Slot(std::uintptr_t word) noexcept : word_(word) {}
    std::uintptr_t word_ = 0;
  };

  Slot take(std::size_t index, const Atomic<std::uint32_t>& guard, std::uint32_t mask,
            std::uint64_t value, const Where& at = Where::current()) const noexcept {
    uses.sections = true;
    for (;;) {
      const Section section;
      if ((guard.load(std::memory_order_acquire, at) & mask) != 0)
        return Slot();
      auto& word = slots_[section.cpu()].at(index);
      bool empty = false;
      {
        const Uninterrupted directly_after_the_guard;
        empty = word.load(std::memory_order_acquire, at) == 0;
      }
      step();
      const Uninterrupted as_one;
      if (section.broken())
        continue;
      if (!empty)
        return Slot();
      word.store(value, std::memory_order_release, at);
      compiler_barrier();  // assembly
      return Slot(reinterpret_cast<std::uintptr_t>(&word));
    }
  }

  std::int64_t showing(std::uint64_t value, const Where& at = Where::current()) const noexcept {
    std::int64_t found = 0;
    for (auto& cpu : slots_)
      for (auto& word : cpu)
        if (word.load(std::memory_order_acquire, at) == value)
          ++found;
    return found;
  }

 private:
  static inline std::array<std::array<Atomic<std::uint64_t>, N>, kCpus> slots_;
};

}  // namespace getput::model
