// SPDX-License-Identifier: MIT
// none: no reference at all, the floor of the harness.
//
// What: every try_get succeeds and does nothing. What is left is the cost of the loop around it.
// Cost: nothing. Limits: protects nothing; a module behind it can never be removed.
#pragma once

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class None {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "none",
      .summary = "no reference: the cost of the loop around it",
      .origin = "control",
      .control = true,
      .safe = false,
      .removal = false,
      .try_stop = false,
      .certain_after_stop = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::never,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 1,
      .locked_in_get = 0,
      .locked_in_put = 0,
  };

  Ticket try_get() noexcept { return Ticket(true); }
  Ticket get(const Ticket&) noexcept { return Ticket(true); }
  void put(Ticket) noexcept {}

  [[nodiscard]] bool try_stop() { return false; }
  void stop() {}
  [[nodiscard]] bool drained() { return false; }
  void wait_drained(StopToken) {}
  void restart() {}
  std::int64_t count() const { return 0; }
};

}  // namespace getput
