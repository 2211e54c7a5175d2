// SPDX-License-Identifier: MIT
// Liars, for the instruction check to catch: each promises something that its code does not keep.
#pragma once

#include <atomic>

#include "schemes/scheme.hpp"

namespace getput {

extern void planted_elsewhere(std::uint32_t* word) noexcept;

/// A scheme of one word; what `Get` and `Put` do to it is the lie.
template <int LockedInGet, int LockedInPut, auto Get, auto Put>
struct PlantedScheme {
  using Ticket = BoolTicket;
  static constexpr SchemeInfo info{
      .name = "planted",
      .summary = "a lie",
      .origin = "tests",
      .locked_in_get = LockedInGet,
      .locked_in_put = LockedInPut,
  };

  Ticket try_get() noexcept { return Ticket(Get(word_)); }
  void put(Ticket) noexcept { Put(word_); }

  std::atomic<std::uint32_t> word_{0};
};

inline constexpr auto look = [](auto& word) { return word.load(std::memory_order_relaxed) == 0; };
inline constexpr auto nothing = [](auto&) {};
inline constexpr auto add = [](auto& word) {
  word.fetch_add(1, std::memory_order_relaxed);
  return true;
};
// clang makes a plain store of a weaker exchange whose result is not used.
inline constexpr auto exchange = [](auto& word) { word.exchange(0, std::memory_order_seq_cst); };

/// Goes elsewhere at the end of put, so the call is a jump.
inline constexpr auto tail = [](auto& word) {
  planted_elsewhere(reinterpret_cast<std::uint32_t*>(&word));
};

/// Adds only on the way that falls through when nobody says which way is the likely one.
inline constexpr auto sometimes = [](auto& word) {
  if (word.load(std::memory_order_relaxed) == 0) [[likely]]
    word.fetch_add(1, std::memory_order_relaxed);
};

template <int = 0>
struct PlantedHonest : PlantedScheme<0, 1, look, add> {};
template <int = 0>
struct PlantedLockInGet : PlantedScheme<0, 1, add, add> {};
template <int = 0>
struct PlantedXchgInPut : PlantedScheme<0, 0, look, exchange> {};
template <int = 0>
struct PlantedTailCall : PlantedScheme<0, 0, look, tail> {};
template <int = 0>
struct PlantedLikelyLock : PlantedScheme<0, 0, look, sometimes> {};
template <int = 0>
struct PlantedTooFew : PlantedScheme<0, 1, look, nothing> {};

}  // namespace getput
