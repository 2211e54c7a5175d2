// SPDX-License-Identifier: MIT
// live_only: a look at the live flag and no count, try_module_get without CONFIG_MODULE_UNLOAD.
//
// What: try_get reads the module's state; put does nothing. Correct where modules are never
// removed, which is what that configuration means.
//
// Where from: Linux 2.5 to today, include/linux/module.h with CONFIG_MODULE_UNLOAD=n (2002 FAQ: "it
// just becomes a check that the module is live").
//
// Ordering
//   E1  restart's release of going_ -> try_get's acquire of it. There is no edge from put.
//
// Cost: one load and one branch. Limits: protects nothing against a removal; nobody is counted.
#pragma once

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class LiveOnly {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "live_only",
      .summary = "a look at the live flag, no count: modules that cannot be unloaded",
      .origin = "Linux, CONFIG_MODULE_UNLOAD=n",
      .generation = "no unload",
      .control = true,
      .safe = false,
      .removal = false,
      .try_stop = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::never,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 4,
      .locked_in_get = 0,
      .locked_in_put = 0,
  };

  Ticket try_get() noexcept { return Ticket(going_.load(std::memory_order_acquire) == 0); }  // E1
  Ticket get(const Ticket&) noexcept { return Ticket(true); }
  void put(Ticket) noexcept {}

  [[nodiscard]] bool try_stop() { return false; }
  void stop() { going_.store(1, std::memory_order_seq_cst); }
  [[nodiscard]] bool drained() { return false; }
  void wait_drained(StopToken) {}
  void restart() { going_.store(0, std::memory_order_release); }  // E1
  std::int64_t count() const { return 0; }

 private:
  typename M::template Atomic<std::uint32_t> going_{0};
};

}  // namespace getput
