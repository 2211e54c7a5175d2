// SPDX-License-Identifier: MIT
// lockref: a spinlock and a count in one 64-bit word; the count changes by compare-exchange while
// the lock is free.
//
// What: get and put try to exchange (unlocked, n) for (unlocked, n +- 1). If somebody holds the
// lock they take it, change the count and release it. Who holds the lock sees a count that stands
// still, which is what a remover needs to decide.
//
// Where from: Linux 3.12 to today, include/linux/lockref.h, lib/lockref.c (Waiman Long, Linus
// Torvalds 2013; for dentries). lockref_get_not_dead, lockref_mark_dead.
//
// Cost: a compare-exchange loop on one shared line, bounded (kTries) before it takes the lock.
//
// Invariants
//   I1  word_ = kLocked bit, and the count in the upper half; the count is negative when dead.
//   I2  While kLocked is set only the holder changes the word.
//
// Ordering: E1 to E4 of base_reference.hpp; exchanges and unlocks are seq_cst, looks at the word
// that may end in a refusal and the lock are acquire.
// Limits: no protection against overflow. 8 bytes and a flag.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "base_reference.hpp"

namespace getput {

template <class M>
class LockrefWord {
 public:
  bool try_inc() noexcept {
    return change([](std::int32_t count) { return count >= 0; }, 1) >= 0;
  }
  void inc() noexcept {
    change([](std::int32_t) { return true; }, 1);
  }
  // All inlined, and the way through the lock apart: clang calls them otherwise.
  [[gnu::always_inline]] bool dec() noexcept {
    if (change([](std::int32_t count) { return count > 1; }, -1) >= 0) [[likely]]
      return false;
    return dec_last();
  }
  bool dec_if_one() noexcept {
    return with_lock([](std::int32_t count) { return count == 1 ? kDead : count; }) == 1;
  }
  bool dead() const noexcept { return count_of(word_.load(std::memory_order_acquire)) < 0; }  // E1
  void revive() noexcept {
    with_lock([](std::int32_t) { return 1; });  // I2, E4: a refused caller may hold the lock
  }
  std::int64_t value() const noexcept {
    const std::int32_t count = count_of(word_.load(std::memory_order_relaxed));
    return count < 0 ? 0 : count;
  }
  void set_near_limit(std::int32_t n) noexcept {
    word_.store(word_with(std::numeric_limits<std::int32_t>::max() - n), std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t kLocked = 1;
  static constexpr std::int32_t kDead = -128;  // as the kernel's lockref_mark_dead() sets it
  static constexpr int kTries = 100;

  static std::int32_t count_of(std::uint64_t word) noexcept {
    return static_cast<std::int32_t>(word >> 32);
  }
  static std::uint64_t word_with(std::int32_t count) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(count)) << 32;
  }

  /// Adds @p delta where @p allowed(count) holds; returns the count before, negative if refused.
  template <class Allowed>
  [[gnu::always_inline]] std::int32_t change(Allowed allowed, std::int32_t delta) noexcept {
    std::uint64_t seen = word_.load(std::memory_order_acquire);  // E1
    for (int i = 0; i < kTries && (seen & kLocked) == 0; ++i) {
      const std::int32_t count = count_of(seen);
      if (count < 0 || !allowed(count)) [[unlikely]]
        return -1;  // E1
      if (word_.compare_exchange_weak(seen, word_with(modular_sum(count, delta)),
                                      std::memory_order_seq_cst, std::memory_order_acquire))
          [[likely]]
        return count;
    }
    return change_under_the_lock(allowed, delta);
  }

  template <class Allowed>
  [[gnu::cold, gnu::noinline]] std::int32_t change_under_the_lock(Allowed allowed,
                                                                  std::int32_t delta) noexcept {
    std::int32_t before = -1;
    with_lock([&](std::int32_t count) {
      if (count < 0 || !allowed(count))
        return count;
      before = count;
      return modular_sum(count, delta);
    });
    return before;
  }

  [[gnu::cold, gnu::noinline]] bool dec_last() noexcept {
    return with_lock(
               [](std::int32_t count) { return count == 1 ? kDead : modular_sum(count, -1); }) == 1;
  }

  /// Replaces the count by @p next(count) under the lock; returns the count before.
  template <class Next>
  std::int32_t with_lock(Next next) noexcept {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    do {
      while ((seen & kLocked) != 0) {
        M::cpu_relax();
        seen = word_.load(std::memory_order_relaxed);
      }
    } while (!word_.compare_exchange_weak(seen, seen | kLocked, std::memory_order_acquire,
                                          std::memory_order_relaxed));
    const std::int32_t count = count_of(seen);
    word_.store(word_with(next(count)), std::memory_order_seq_cst);  // E1, E4
    return count;
  }

  typename M::template Atomic<std::uint64_t> word_{word_with(1)};
};

template <class M = machine::Native>
class Lockref : public BaseReference<M, LockrefWord<M>> {
 public:
  static constexpr SchemeInfo info{
      .name = "lockref",
      .summary = "spinlock and count in one word, changed by compare-exchange while unlocked",
      .origin = "Linux 3.12 to today, lib/lockref.c",
      .fork_any_moment = false,
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::blocking,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 16,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
};

}  // namespace getput
