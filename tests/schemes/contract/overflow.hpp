// SPDX-License-Identifier: MIT
// The boundary of the counter. A scheme that has a counter offers
//   void near_overflow(std::int64_t n)   // unused, live object: n more references reach the limit
// which sets its words as if they had been used for years (sum_wraps), or as if all but n of what a
// word can hold were held (wraps, saturates). The claim of SchemeInfo::overflow is then checked
// across the limit. A scheme whose words cannot be set, or where nothing could be seen, says
//   static constexpr std::string_view kNoNearOverflow = "why";
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/schemes/contract/held.hpp"
#include "tests/schemes/contract/verdict.hpp"

namespace getput::contract {

template <class S>
concept CanStartNearOverflow = requires(S s) {
  s.near_overflow(std::int64_t{1});
};
template <class S>
concept SaysWhyNotNearOverflow = requires {
  std::string_view(S::kNoNearOverflow);
};

/// What is seen when references are taken across the limit, and given back.
struct Crossing {
  static constexpr int kShort = 8;
  static constexpr int kBeyond = 24;
  std::int64_t before = 0;   ///< count() near the limit
  std::int64_t beyond = 0;   ///< count() with kBeyond more
  std::int64_t further = 0;  ///< and with one more
  std::int64_t after = 0;    ///< when all have been given back
  bool refused = false;      ///< not all were let in
  bool drained = false;      ///< when all have been given back
};

template <class S>
Crossing cross_the_limit() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S module;
  module.near_overflow(Crossing::kShort);
  Crossing seen;
  seen.before = module.count();
  std::vector<typename S::Ticket> tickets;
  const auto take = [&] {
    if (const auto ticket = module.try_get())
      tickets.push_back(ticket);
    else
      seen.refused = true;
    return module.count();
  };
  for (int i = 0; i < Crossing::kBeyond; ++i) seen.beyond = take();
  seen.further = take();
  for (const auto& ticket : tickets) module.put(ticket);
  seen.after = module.count();
  module.stop();
  seen.drained = says_drained(module);
  return seen;
}

inline Verdict is_as_claimed(const Crossing& seen, Overflow claimed) {
  const bool moves = seen.further != seen.beyond && seen.after != seen.beyond;
  switch (claimed) {
    case Overflow::sum_wraps:
      GETPUT_REQUIRE(!seen.refused, "try_get refused once single words have wrapped");
      GETPUT_REQUIRE(seen.before == 0 && seen.beyond == Crossing::kBeyond && seen.after == 0,
                     "the sum is wrong once single words have wrapped");
      GETPUT_REQUIRE(seen.drained, "not drained after single words have wrapped");
      return kept();
    case Overflow::saturates:
      GETPUT_REQUIRE(!seen.refused, "try_get refused at the limit of the counter");
      GETPUT_REQUIRE(!moves, "claimed to saturate, but the count went on past its limit");
      GETPUT_REQUIRE(!seen.drained, "claimed to saturate and leak, but drained after overflow");
      return kept();
    case Overflow::wraps:
      GETPUT_REQUIRE(seen.refused || seen.beyond < seen.before,
                     "claimed to wrap, but the count went on past its limit");
      GETPUT_REQUIRE(seen.refused || moves, "claimed to wrap, but the count sticks");
      return kept();
    case Overflow::no_counter:
      return broken("near_overflow() is offered, but SchemeInfo says that there is no counter");
  }
  return kept();
}

/// "Nothing to overflow": more references at a time than any small counter holds, by one thread.
template <class S>
Verdict many_are_held_at_once() {
  const long many = kSanitized || kEmulated ? times(1 << 17) : 1 << 17;
  Held<S> stage;
  GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
  bool refused = false;
  stage.holder.run([&] {
    std::vector<typename S::Ticket> tickets;
    tickets.reserve(static_cast<std::size_t>(many));
    for (long i = 0; i < many; ++i) {
      tickets.push_back(i % 2 == 0 ? stage.module.try_get() : stage.module.get(tickets.back()));
      refused = refused || !tickets.back();
    }
    for (const auto& ticket : tickets)
      if (ticket)
        stage.module.put(ticket);
  });
  GETPUT_REQUIRE(!refused, "refused with many references held");
  if (!S::info.removal)
    return kept();
  GETPUT_REQUIRE(stage.stop_returns(), "stop() waits for a holder");
  GETPUT_REQUIRE(!stage.told_drained_while_held(), "drained with one of many references held");
  if (!stage.released)
    stage.release();
  bool drained = false;
  stage.remover.run([&] { drained = says_drained(stage.module); });
  GETPUT_REQUIRE(drained, "not drained after many references were held");
  return kept();
}

template <class S>
Verdict overflow_is_as_claimed(Overflow claimed) {
  if constexpr (CanStartNearOverflow<S>)
    return is_as_claimed(cross_the_limit<S>(), claimed);
  if constexpr (SaysWhyNotNearOverflow<S>) {
    GETPUT_REQUIRE(
        claimed != Overflow::no_counter,
        "SchemeInfo says that there is no counter, kNoNearOverflow why it cannot be set");
    return untestable(std::string(S::kNoNearOverflow));
  }
  GETPUT_REQUIRE(claimed == Overflow::no_counter,
                 "claims how its counter overflows, but offers no near_overflow() to see it");
  return many_are_held_at_once<S>();
}

}  // namespace getput::contract
