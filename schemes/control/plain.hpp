// SPDX-License-Identifier: MIT
// plain: one ordinary add and one ordinary subtract on a word of the caller's own.
//
// What: the least that any count can cost: no atomic, no live check, one thread.
// Cost: store forwarding. The subtract reads what the add has just stored; nothing else waits, so
// a pair overlaps with its neighbours and reads below one nanosecond. The dependent-chain control
// beside it in every result shows the latency that this throughput hides.
// Limits: one thread per object. Protects nothing against a remover.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class Plain {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "plain",
      .summary = "non-atomic add and sub on a private line",
      .origin = "control",
      .control = true,
      .safe = false,
      .shared_by_threads = false,
      .put_on_other_thread = false,
      .removal = false,
      .try_stop = false,
      .certain_after_stop = false,
      .count = CountExactness::exact,
      .zero = ZeroDetection::never,
      .overflow = Overflow::wraps,
      .bytes_per_object = 8,
      .locked_in_get = 0,
      .locked_in_put = 0,
  };

  Ticket try_get() noexcept {
    add(1);
    return Ticket(true);
  }
  Ticket get(const Ticket&) noexcept { return try_get(); }
  void put(Ticket) noexcept { add(-1); }

  [[nodiscard]] bool try_stop() { return false; }
  void stop() {}
  [[nodiscard]] bool drained() { return false; }
  void wait_drained(StopToken) {}
  void restart() {}
  std::int64_t count() const { return count_; }

  void near_overflow(std::int64_t n) noexcept {
    count_ = std::numeric_limits<std::int64_t>::max() - n;
  }

 private:
  // The light barrier keeps the compiler from merging an add with the sub that follows.
  void add(std::int64_t delta) noexcept {
    count_ = modular_sum(count_, delta);
    M::light_barrier();
  }

  std::int64_t count_ = 0;
};

}  // namespace getput
