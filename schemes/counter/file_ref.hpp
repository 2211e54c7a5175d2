// SPDX-License-Identifier: MIT
// file_ref: the 64-bit count of struct file: one add and a sign test, no slow path in get.
//
// What: the word holds references - 1, so "at least one reference" is "not negative". try_get()
// adds one and succeeds if the result is not negative. put() subtracts one; only a negative result
// leads to its slow path, which tells the zones apart.
//
//   0x0000000000000000 .. 0x7fffffffffffffff   valid: 1 .. 2^63 references
//   0x8000000000000000 .. 0xbfffffffffffffff   saturated: a put sets kSaturated, never freed
//   0xc000000000000000 .. 0xfffffffffffffffe   dead: kDead plus the gets refused since
//   0xffffffffffffffff                         no reference: the put that got here marks the word
// Between the last put's subtraction and its marking a get may revive the word; that put then
// reports "not the last".
//
// Where from: Linux 6.13 to today, include/linux/file_ref.h, slow path in fs/file.c (Christian
// Brauner 2024). It is rcuref (rcuref.hpp) with two differences. The word has 64 bits. And a
// refused get never repairs the dead zone: struct file is SLAB_TYPESAFE_BY_RCU, so the memory may
// be another file by then, and a repair would mark that one dead. 2^61 refused gets would be
// needed to leave the zone upwards.
//
// The same rule makes restart() simple here: a get that was refused in the last life writes nothing
// later, so revive() is one store and no caller has to recognise a word that has come back. rcuref
// needs a compare-exchange for that.
//
// Cost: one locked instruction and one branch per get and per put, no loop under contention. A get
// refused by the word is one locked instruction, without the repair.
//
// Invariants
//   I1  Not negative: the word counts 1 while live + references held, minus 1.
//   I2  In the dead zone: refused gets may still raise the word; no other operation writes it but
//       revive(), and a put too many, which is outside the contract.
//   I3  Exactly one put (or dec_if_one) moves the word into the dead zone and reports the end.
//
// Ordering: E1 to E4 of base_reference.hpp; gets acquire (the kernel's are fully ordered), puts
// seq_cst, to pair with a sleeping remover. The add of a refused get is a read-modify-write and
// continues the release sequence of the last put, so E1 holds for an operation that reads it.
// Limits: at 2^63 references try_get() is refused although it has added, and a put then saturates
// the word, so the module leaks. rcuref admits that caller. The slow put compares with the value
// that its own subtraction returned. Two puts can both have subtracted the last reference before
// one of them marks the word; the second then touches it after the end, so the object is freed only
// after a grace period (in the kernel file_ref_put() disables preemption for that).
//
// References: commits 08ef26ea9ab3 "fs: add file_ref", 90ee6ed776c0 "fs: port files to file_ref".
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "../machine/native.hpp"
#include "base_reference.hpp"

namespace getput {

template <class M>
class FileRefWord {
 public:
  bool try_inc() noexcept {
    if (is_valid(refs_.fetch_add(1, std::memory_order_acquire) + 1)) [[likely]]  // E1, E4
      return true;
    return refused();
  }

  void inc() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }

  bool dec() noexcept {
    const std::uint64_t after = refs_.fetch_sub(1, std::memory_order_seq_cst) - 1;  // E1
    if (is_valid(after)) [[likely]]
      return false;
    return dec_slow(after);
  }

  /// What file_ref_put_close() does to a word with one reference.
  bool dec_if_one() noexcept {
    std::uint64_t one = kOneReference;
    return refs_.compare_exchange_strong(one, kDead, std::memory_order_seq_cst);  // E1
  }

  bool dead() const noexcept {
    const std::uint64_t seen = refs_.load(std::memory_order_acquire);  // E1
    return seen >= kReleased && seen != kNoReference;
  }

  void revive() noexcept { refs_.store(kOneReference, std::memory_order_release); }  // E4

  std::int64_t value() const noexcept {
    const std::uint64_t seen = refs_.load(std::memory_order_relaxed);
    return seen >= kReleased ? 0 : static_cast<std::int64_t>(std::min(seen, kMaxReference - 1)) + 1;
  }
  void set_near_limit(std::int32_t n) noexcept {
    refs_.store(kMaxReference - static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t kOneReference = 0;
  static constexpr std::uint64_t kMaxReference = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint64_t kSaturated = std::uint64_t{0xa} << 60;
  static constexpr std::uint64_t kReleased = std::uint64_t{0xc} << 60;
  static constexpr std::uint64_t kDead = std::uint64_t{0xe} << 60;
  static constexpr std::uint64_t kNoReference = ~std::uint64_t{0};
  // As many gets or puts may race past a mark before the word leaves its zone.
  static constexpr std::uint64_t kRoom = std::uint64_t{1} << 60;
  static_assert(kSaturated - kMaxReference > kRoom && kReleased - kSaturated > kRoom);
  static_assert(kDead - kReleased > kRoom && kNoReference - kDead > kRoom);

  static bool is_valid(std::uint64_t refs) noexcept { return static_cast<std::int64_t>(refs) >= 0; }

  // A call: g++ would merge a constant with the success into a value computed from the sum. So only
  // the sign is used, and on x86-64 a get is `lock add; js`.
  [[gnu::cold, gnu::noinline]] static bool refused() noexcept { return false; }

  [[gnu::cold, gnu::noinline]] bool dec_slow(std::uint64_t after) noexcept {
    if (after == kNoReference) {
      std::uint64_t expected = kNoReference;
      return refs_.compare_exchange_strong(expected, kDead, std::memory_order_seq_cst);  // E1
    }
    if (after >= kReleased) {
      refs_.store(kDead, std::memory_order_relaxed);
      M::warn_once(warned_, "file_ref: unbalanced put of a dead count (ignored)");
    } else {
      refs_.store(kSaturated, std::memory_order_relaxed);
      M::warn_once(warned_, "file_ref: put of a saturated count (ignored, the module leaks)");
    }
    return false;
  }

  static inline std::atomic<bool> warned_{false};

  typename M::template Atomic<std::uint64_t> refs_{kOneReference};
};

template <class M = machine::Native>
class FileRef : public BaseReference<M, FileRefWord<M>, FlagPlace::own_line> {
 public:
  static constexpr SchemeInfo info{
      .name = "file_ref",
      .summary = "64-bit unconditional add with a sign test; a refused get repairs nothing",
      .origin = "Linux 6.13 to today, include/linux/file_ref.h, fs/file.c",
      .destroy_when_drained = false,
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .bytes_per_object = 128,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
};

}  // namespace getput
