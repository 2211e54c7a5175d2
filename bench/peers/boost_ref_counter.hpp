// SPDX-License-Identifier: MIT
// boost_ref_counter: boost::intrusive_ref_counter, and a live flag.
//
// What: the module's owner holds one boost::intrusive_ptr. try_get() counts with
// intrusive_ptr_add_ref() and then checks the flag, put() is intrusive_ptr_release(). Boost
// "deletes" the object with the last reference, which here wakes the remover.
//
// Where from: Boost.SmartPtr, boost/smart_ptr/intrusive_ref_counter.hpp (Debian 12:
// libboost1.74-dev). counter/intrusive_ptr.hpp has Boost's pointer over getput's own counter, which
// refuses zero by a compare-exchange loop. This has Boost's own counter, which adds
// unconditionally.
//
// What the adapter adds: the flag, on a line of its own because a check before the addition would
// fetch a contended line twice (decision 51). It is checked after the addition only. So a refused
// caller may raise the count from 0 to 1 and lower it again, which reports the end once more.
//
// Cost: two locked instructions on one shared line.
//
// Invariants
//   I1  count = 1 while the owner's reference is held + references held + callers being refused.
//   I2  drained() is true at a moment at which the flag was set and the count was 0. A caller that
//       adds after that moment sees the flag.
//
// Ordering
//   E1  put's release -> drained()'s acquire of the counter (Boost).
//   E2  Dekker: add, then load of the flag; stop() stores the flag (seq_cst), then releases the
//       owner's reference and reads the count. On x86-64 the locked addition is a full fence and a
//       compiler barrier is enough; elsewhere there is a fence.
//   E3  restart's release of the flag -> try_get's acquire of it.
//
// Limits: 32 bits, no protection against overflow. try_stop() refuses callers while it looks.
// count() includes callers that are being refused.
#pragma once

#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <new>
#include <string_view>

#include "schemes/machine/native.hpp"
#include "schemes/removal.hpp"
#include "schemes/scheme.hpp"

namespace getput {

template <class M = machine::Native>
class BoostRefCounter {
  class Counted : public boost::intrusive_ref_counter<Counted, boost::thread_safe_counter> {
   public:
    // Boost's `delete` of the object, which is a member of the module and is not freed.
    void operator delete(Counted* self, std::destroying_delete_t) noexcept {
      M::wake_if_waiting(self);  // by address: the module may be gone
    }
  };

 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "boost_ref_counter",
      .summary = "boost::intrusive_ref_counter, and a live flag",
      .origin = "Boost.SmartPtr 1.74, intrusive_ref_counter.hpp",
      .spurious_failure = true,
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .bytes_per_object = 128,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
  static constexpr std::string_view kNoNearOverflow = "the library keeps its count to itself";

  BoostRefCounter() { intrusive_ptr_add_ref(&counted_); }
  BoostRefCounter(const BoostRefCounter&) = delete;
  BoostRefCounter& operator=(const BoostRefCounter&) = delete;

  Ticket try_get() noexcept {
    intrusive_ptr_add_ref(&counted_);
    order_add_before_look();                                         // E2
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2, E3
      intrusive_ptr_release(&counted_);
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    intrusive_ptr_add_ref(&counted_);
    return Ticket(true);
  }

  void put(Ticket) noexcept { intrusive_ptr_release(&counted_); }  // E1

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    M::full_barrier();                           // E2
    intrusive_ptr_release(&counted_);
  }

  [[nodiscard]] bool drained() { return counted_.use_count() == 0; }  // E1, I2

  void wait_drained(StopToken token) {
    M::wait(
        &counted_, [this] { return drained(); }, token);
  }

  void restart() {
    intrusive_ptr_add_ref(&counted_);
    going_.store(0, std::memory_order_release);  // E3
  }

  std::int64_t count() const {
    const bool going = going_.load(std::memory_order_relaxed) != 0;
    return std::int64_t{counted_.use_count()} - (going ? 0 : 1);
  }

 private:
  static void order_add_before_look() noexcept {
#if defined(__x86_64__)
    M::light_barrier();
#else
    M::full_barrier();
#endif
  }

  alignas(64) Counted counted_;
  alignas(64) typename M::template Atomic<std::uint32_t> going_{0};
};

}  // namespace getput
