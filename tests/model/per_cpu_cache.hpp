// SPDX-License-Identifier: MIT
// machine::PerCpuCache in the model: one pair a CPU, so that any two owners collide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/spin_lock.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

class PerCpuCache {
 public:
  static constexpr std::size_t kBytesPerCpu = 0;  // here nobody asks
  enum class Found : std::uint8_t { added, refused, missed };

  static std::uint32_t slot_of(const void*) noexcept { return 0; }

  Found add(const Atomic<std::uint32_t>& guard, std::uint32_t mask, std::uint32_t,
            const void* owner, std::int64_t delta, const Where& at = Where::current()) noexcept {
    uses.sections = true;
    for (;;) {
      const Section section;
      if ((guard.load(std::memory_order_acquire, at) & mask) != 0)
        return Found::refused;
      Table& here = tables_[section.cpu()];
      std::int64_t before = 0;
      bool mine = false;
      {
        const Uninterrupted directly_after_the_guard;
        mine = here.closed.load(std::memory_order_acquire, at) == 0 &&
               here.owner.load(std::memory_order_relaxed, at) == as_word(owner);
        before = here.delta.load(std::memory_order_relaxed, at);
      }
      step();
      const Uninterrupted as_one;
      if (section.broken())
        continue;
      if (!mine) {
        missed_on_.at(static_cast<std::size_t>(self())) = section.cpu();
        return Found::missed;
      }
      here.delta.store(before + delta, std::memory_order_release, at);
      compiler_barrier();  // assembly
      return Found::added;
    }
  }

  template <class Collect>
  void claim(std::uint32_t, const void* owner, Collect collect,
             const Where& at = Where::current()) noexcept {
    // Where it missed: a search that may draw another CPU each time would never end.
    for (bool done = false; !done;) {
      const unsigned cpu = missed_on_.at(static_cast<std::size_t>(self()));
      tables_[cpu].lock.lock(at);
      done = claim_on(cpu, owner, collect, at);
      tables_[cpu].lock.unlock(at);
    }
  }

  template <class Collect>
  void collect_all(unsigned cpu, Collect collect, const Where& at = Where::current()) {
    Table& table = tables_[cpu];
    close(table, at);
    if (void* const owner = as_owner(table.owner.load(std::memory_order_acquire, at)))
      collect(owner, table.delta.load(std::memory_order_acquire, at));
    empty(table, at);
    open(table, at);
  }

  std::int64_t peek(std::uint32_t, const void* owner, const Where& at = Where::current()) const {
    std::int64_t total = 0;
    for (const Table& table : tables_)
      if (table.owner.load(std::memory_order_acquire, at) == as_word(owner))
        total += table.delta.load(std::memory_order_acquire, at);
    return total;
  }

  void forget(std::uint32_t, const void* owner, const Where& at = Where::current()) {
    for (Table& table : tables_) {
      if (table.owner.load(std::memory_order_acquire, at) != as_word(owner))
        continue;
      close(table, at);
      if (table.owner.load(std::memory_order_relaxed, at) == as_word(owner))
        empty(table, at);
      open(table, at);
    }
  }

 private:
  struct Table {
    SpinLock lock;
    Atomic<std::uint32_t> closed{0};
    Atomic<std::int64_t> owner{0};
    Atomic<std::int64_t> delta{0};
  };

  static std::int64_t as_word(const void* owner) noexcept {
    return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(owner));
  }
  static void* as_owner(std::int64_t word) noexcept {
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(word));
  }

  static void close(Table& table, const Where& at) {
    uses.barriers = true;
    table.lock.lock(at);
    table.closed.store(1, std::memory_order_relaxed, at);
    membarrier(true, at);
  }
  static void empty(Table& table, const Where& at) {
    table.delta.store(0, std::memory_order_relaxed, at);
    table.owner.store(0, std::memory_order_release, at);
  }
  static void open(Table& table, const Where& at) {
    table.closed.store(0, std::memory_order_release, at);
    table.lock.unlock(at);
  }

  /// One section that stores @p value in @p word if owner and delta are these. On CPU @p cpu only.
  bool store_if_pair(unsigned cpu, std::int64_t owner, std::int64_t delta,
                     Atomic<std::int64_t>& word, std::int64_t value, const Where& at) {
    step();
    const Section section(cpu);
    Table& here = tables_[cpu];
    bool same = false;
    {
      const Uninterrupted as_one;
      same = here.owner.load(std::memory_order_relaxed, at) == owner &&
             here.delta.load(std::memory_order_relaxed, at) == delta;
    }
    step();
    const Uninterrupted as_one;
    if (section.broken() || !same)
      return false;
    word.store(value, std::memory_order_release, at);
    compiler_barrier();  // assembly
    return true;
  }

  template <class Collect>
  bool claim_on(unsigned cpu, const void* owner, Collect collect, const Where& at) {
    Table& here = tables_[cpu];
    const std::int64_t other = here.owner.load(std::memory_order_acquire, at);
    if (other == as_word(owner))
      return true;
    const std::int64_t delta = here.delta.load(std::memory_order_acquire, at);
    if (other != 0) {
      if (!store_if_pair(cpu, other, delta, here.delta, 0, at))
        return false;
      collect(as_owner(other), delta);
    }
    return store_if_pair(cpu, other, 0, here.owner, as_word(owner), at);
  }

  std::array<Table, kCpus> tables_;
  std::array<unsigned, kMaxThreads> missed_on_{};
};

}  // namespace getput::model
