// SPDX-License-Identifier: MIT
// rcuref: unconditional add and a sign test, with zones instead of a compare-exchange loop.
//
// What: the word holds references - 1, so that "one reference or more" is "not negative". A get
// adds one and looks at the sign; a put subtracts one and looks at the sign. Only a negative result
// leads to the slow path, which tells the zones apart.
//
//   0x00000000 .. 0x7fffffff   valid: 1 .. 2^31 references
//   0x80000000 .. 0xbfffffff   saturated: overflowed, put back to kSaturated, never freed
//   0xc0000000 .. 0xfffffffe   dead: put back to kDead
//   0xffffffff                 no reference: the put that got here tries to mark the word dead
// Between the last put's subtraction and its marking a get may revive the word; that put then
// reports "not the last".
//
// Where from: Linux 6.4 to today, include/linux/rcuref.h, lib/rcuref.c (Thomas Gleixner 2023), with
// the repair b9a49520679e of 2025: the slow path of put works on the value that its own subtraction
// returned. Reading the word again let two racing last puts report an imbalance that was none.
//
// As a module count it was proposed in March 2025 ("module: Use rcuref_t for module::refcnt",
// Sebastian Andrzej Siewior, linux-modules). There try_release_module_ref() puts the initial
// reference and gets it back if others are held; dec_if_one() here takes it only if it is the last.
// Neither refuses a caller while somebody is inside.
//
// Cost: one locked instruction and one branch per get and per put, no loop under contention. The
// flag is on a line of its own, as `state` and `refcnt` of struct module are. An object that has no
// room for that uses FlagPlace::beside_word: 8 bytes.
//
// The kernel never revives a dead object, restart() does. So the slow path of a get knows a word
// that has come back, and repairs by compare-exchange: a plain store could mark it dead.
//
// Ordering: E1 to E4 of base_reference.hpp; gets acquire, puts seq_cst, to pair with a sleeping
// remover. The relaxed exchange to kDead in a refused get goes on with the release sequence of the
// put that it repairs, so E1 holds for who sees its kDead.
// Limits: a get may revive the word between a last put's subtraction and its marking, so two puts
// can be about to mark; the second touches the word after the first has made it dead. The object is
// freed only after a grace period (in the kernel RCU, under the preempt_disable() of rcuref_put()).
#pragma once

#include "../machine/native.hpp"
#include "base_reference.hpp"

namespace getput {

template <class M>
class RcurefWord {
 public:
  bool try_inc() noexcept {
    // Only the sign is used: on x86-64 g++ makes of it `lock addl; js`, as the kernel has it.
    if (static_cast<std::int32_t>(refs_.fetch_add(1, std::memory_order_acquire) + 1) >=
        0)  // E1, E4
        [[likely]]
      return true;
    return inc_slow();
  }

  void inc() noexcept { (void)try_inc(); }

  bool dec() noexcept {
    const std::uint32_t after = refs_.fetch_sub(1, std::memory_order_seq_cst) - 1;  // E1
    if (static_cast<std::int32_t>(after) >= 0) [[likely]]
      return false;
    return dec_slow(after);
  }

  bool dec_if_one() noexcept {
    std::uint32_t one = kOneReference;
    return refs_.compare_exchange_strong(one, kDead, std::memory_order_seq_cst);  // E1
  }

  bool dead() const noexcept {
    const std::uint32_t seen = refs_.load(std::memory_order_acquire);  // E1
    return seen >= kReleased && seen != kNoReference;
  }

  void revive() noexcept { refs_.store(kOneReference, std::memory_order_release); }  // E4

  std::int64_t value() const noexcept {
    const std::uint32_t seen = refs_.load(std::memory_order_relaxed);
    return seen >= kReleased ? 0 : static_cast<std::int64_t>(seen) + 1;
  }
  void set_near_limit(std::int32_t n) noexcept {
    refs_.store(kMaxReference - static_cast<std::uint32_t>(n), std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint32_t kOneReference = 0;
  static constexpr std::uint32_t kMaxReference = 0x7fffffff;
  static constexpr std::uint32_t kSaturated = 0xa0000000;
  static constexpr std::uint32_t kReleased = 0xc0000000;
  static constexpr std::uint32_t kDead = 0xe0000000;
  static constexpr std::uint32_t kNoReference = 0xffffffff;
  // 2^28 gets or puts may race past a repair before a word leaves its zone.
  static_assert(kSaturated - kMaxReference > (1U << 28) && kReleased - kSaturated > (1U << 28));
  static_assert(kDead - kReleased > (1U << 28) && kNoReference - kDead > (1U << 28));

  // After an addition that found the word dead or saturated.
  [[gnu::cold, gnu::noinline]] bool inc_slow() noexcept {
    std::uint32_t seen = refs_.load(std::memory_order_relaxed);
    // A put may have brought the word back under the limit, with this reference in it. One that
    // restart() has revived is nowhere near.
    if (seen > kMaxReference / 2 && seen < kReleased) {
      if (seen > kMaxReference)
        saturate("rcuref: overflow: too many references (saturated, the module leaks)");
      return true;
    }
    // Whoever adds last undoes it for all. If the word has been revived meanwhile, nothing of this
    // increment is left in it; then it may be alive, or its last put about to mark it.
    if (seen >= kReleased && seen != kNoReference)
      refs_.compare_exchange_strong(seen, kDead, std::memory_order_relaxed);
    return false;
  }

  [[gnu::cold, gnu::noinline]] bool dec_slow(std::uint32_t after) noexcept {
    if (after == kNoReference) {
      std::uint32_t expected = kNoReference;
      return refs_.compare_exchange_strong(expected, kDead, std::memory_order_seq_cst);  // E1
    }
    if (after >= kReleased) {
      refs_.store(kDead, std::memory_order_relaxed);
      M::warn_once(warned_, "rcuref: a put too many (ignored)");
    } else {
      saturate("rcuref: put of a saturated count (ignored)");
    }
    return false;
  }

  void saturate(const char* message) noexcept {
    refs_.store(kSaturated, std::memory_order_relaxed);
    M::warn_once(warned_, message);
  }

  static inline std::atomic<bool> warned_{false};

  typename M::template Atomic<std::uint32_t> refs_{kOneReference};
};

template <class M = machine::Native, FlagPlace Place = FlagPlace::own_line>
class Rcuref : public BaseReference<M, RcurefWord<M>, Place> {
 public:
  static constexpr SchemeInfo info{
      .name = "rcuref",
      .summary = "unconditional add with a sign test, saturating and dead zones",
      .origin = "Linux 6.4 to today, lib/rcuref.c; as module count: Siewior, linux-modules 2025-03",
      .generation = "proposed 2025",
      .destroy_when_drained = false,
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::saturates,
      .bytes_per_object = Place == FlagPlace::own_line ? 128 : 8,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
};

}  // namespace getput
