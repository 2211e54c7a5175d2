// SPDX-License-Identifier: MIT
// A correct scheme of the simplest kind, and the same with a bug planted in it. The harness has to
// say WRONG for the two broken ones and nothing for the honest one.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <thread>

#include "schemes/machine/native.hpp"
#include "schemes/scheme.hpp"

namespace getput {

constexpr SchemeInfo counted_info(std::string_view name, std::string_view summary,
                                  bool safe = false) {
  return {.name = name,
          .summary = summary,
          .origin = "test of the oracle",
          .safe = safe,
          .spurious_failure = true,
          .zero = ZeroDetection::last_put,
          .bytes_per_object = 16};
}

/// Increment, then look whether the object is going. Correct.
template <class M = machine::Native>
class Counted {
 public:
  using Ticket = BoolTicket;
  static constexpr SchemeInfo info = counted_info("counted", "one atomic count and a flag", true);

  Ticket try_get() noexcept {
    refs_.fetch_add(1);
    if (going_.load() != 0) {
      refs_.fetch_sub(1);
      return Ticket();
    }
    return Ticket(true);
  }
  Ticket get(const Ticket&) noexcept {
    refs_.fetch_add(1);
    return Ticket(true);
  }
  void put(Ticket) noexcept { refs_.fetch_sub(1); }

  bool try_stop() {
    stop();
    if (drained()) {
      return true;
    }
    restart();
    return false;
  }
  void stop() { going_.store(1); }
  bool drained() { return refs_.load() == 0; }
  void wait_drained(std::stop_token token) {
    while (!drained() && !token.stop_requested()) {
      std::this_thread::yield();
    }
  }
  void restart() { going_.store(0); }
  std::int64_t count() const { return refs_.load(); }

 protected:
  typename M::template Atomic<std::int64_t> refs_{0};
  typename M::template Atomic<std::uint32_t> going_{0};
};

/// Planted: one put in a million is lost.
template <class M = machine::Native>
class LostPut : public Counted<M> {
 public:
  using Ticket = BoolTicket;
  static constexpr SchemeInfo info = counted_info("lost_put", "planted: one put in a million lost");

  void put(Ticket ticket) noexcept {
    if (puts_.fetch_add(1, std::memory_order_relaxed) % 1'000'000 != 999'999) {
      Counted<M>::put(ticket);
    }
  }

 private:
  // Across objects and threads, so that every cell meets it, however its pairs are spread.
  static inline typename M::template Atomic<std::uint64_t> puts_{0};
};

/// Planted: one refusal in 64 turns into a success, although stop() has returned.
template <class M = machine::Native>
class LateGet : public Counted<M> {
 public:
  using Ticket = BoolTicket;
  static constexpr SchemeInfo info =
      counted_info("late_get", "planted: a try_get now and then succeeds after stop");

  Ticket try_get() noexcept {
    if (const Ticket ticket = Counted<M>::try_get(); ticket) {
      return ticket;
    }
    if (refusals_.fetch_add(1, std::memory_order_relaxed) % 64 != 63) {
      return Ticket();
    }
    return Counted<M>::get(Ticket(true));
  }

 private:
  typename M::template Atomic<std::uint64_t> refusals_{0};
};

}  // namespace getput
