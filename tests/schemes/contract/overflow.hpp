// SPDX-License-Identifier: MIT
// The boundary of the counter. A scheme that wants it tested offers
//   void near_overflow(std::int64_t n)   // unused, live object: n more references reach the limit
// which sets its words as if it had been used for years. The claim of SchemeInfo::overflow is then
// checked across the limit.
#pragma once

#include "tests/schemes/contract/held.hpp"
#include "tests/schemes/contract/verdict.hpp"

namespace getput::contract {

template <class S>
concept CanStartNearOverflow = requires(S s) {
  s.near_overflow(std::int64_t{1});
};

template <class S>
requires CanStartNearOverflow<S> Verdict overflow_is_as_claimed() {
  constexpr int kShort = 8;
  constexpr int kBeyond = 24;
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S module;
  module.near_overflow(kShort);
  std::vector<typename S::Ticket> tickets;
  for (int i = 0; i < kBeyond; ++i) {
    tickets.push_back(module.try_get());
    GETPUT_REQUIRE(static_cast<bool>(tickets.back()),
                   "try_get refused at the limit of the counter");
  }
  const std::int64_t beyond = module.count();
  for (const auto& ticket : tickets) module.put(ticket);
  module.stop();
  const bool drained = module.drained();
  switch (S::info.overflow) {
    case Overflow::sum_wraps:
      GETPUT_REQUIRE(beyond == kBeyond, "the sum is wrong once single words have wrapped");
      GETPUT_REQUIRE(drained, "not drained after single words have wrapped");
      return kept();
    case Overflow::saturates:
      GETPUT_REQUIRE(!drained, "claimed to saturate and leak, but drained after overflow");
      return kept();
    case Overflow::wraps:
      GETPUT_REQUIRE(beyond < kBeyond, "claimed to wrap, but the count went on past its limit");
      return kept();
    case Overflow::no_counter:
      return broken("near_overflow() is offered, but SchemeInfo says that there is no counter");
  }
  return kept();
}

}  // namespace getput::contract
