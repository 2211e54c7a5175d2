// SPDX-License-Identifier: MIT
// intrusive_ptr: boost::intrusive_ptr on a counter in the object, as applications write it.
//
// What: the module's owner holds one boost::intrusive_ptr, each caller another. try_get adds one
// unless the count is zero and adopts it; the ticket is the detached pointer, and put wraps it
// again and lets it go.
//
// Where from: Boost.SmartPtr 1.74, intrusive_ptr.hpp. The counter behind intrusive_ptr_add_ref and
// intrusive_ptr_release is the application's business; this one has what
// boost::intrusive_ref_counter lacks, an increment that refuses zero: it is the word of atomic.hpp.
//
// Cost: as atomic, if the compiler sees through the pointer. 16 bytes.
//
// Invariants
//   I1  refs_ = 1 while the owner's pointer is set + references held; 0 is final until restart().
//   I2  Each ticket stands for one count that no pointer object holds.
//
// Ordering: E1 to E4 of base_reference.hpp, with the orders of atomic.hpp; the base reference is
// the owner's. Limits: no protection against overflow or against a put too many, as with any
// hand-written counter. Needs Boost's headers (libboost-dev) in whoever includes this file.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "../machine/native.hpp"
#include "../scheme.hpp"
#include "atomic.hpp"

namespace getput {

/// What the pointers point to. The two functions are found by argument-dependent lookup.
template <class M>
class IntrusiveCount : public AtomicWord<M> {
 public:
  friend void intrusive_ptr_add_ref(IntrusiveCount* counted) noexcept { counted->inc(); }
  friend void intrusive_ptr_release(IntrusiveCount* counted) noexcept {
    if (counted->dec())             // E1
      M::wake_if_waiting(counted);  // by address: the object may be gone
  }
};

template <class M = machine::Native>
class IntrusivePtr {
  using Counted = IntrusiveCount<M>;
  using Pointer = boost::intrusive_ptr<Counted>;

 public:
  /// A detached pointer.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return held_ != nullptr; }

   private:
    friend class IntrusivePtr;
    explicit Ticket(Pointer&& held) noexcept : held_(held.detach()) {}

    Counted* held_ = nullptr;
  };

  static constexpr SchemeInfo info{
      .name = "intrusive_ptr",
      .summary = "boost::intrusive_ptr, detached into the ticket",
      .origin = "Boost.SmartPtr 1.74",
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .get_progress = Progress::lock_free,
      .bytes_per_object = 16,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };

  IntrusivePtr() = default;
  IntrusivePtr(const IntrusivePtr&) = delete;
  IntrusivePtr& operator=(const IntrusivePtr&) = delete;

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0 || !counted_.try_inc())  // E2, E3, E4
      return Ticket();
    return Ticket(Pointer(&counted_, kAdopt));
  }

  Ticket get(const Ticket& held) noexcept { return Ticket(Pointer(held.held_)); }

  void put(Ticket held) noexcept { const Pointer last(held.held_, kAdopt); }  // E1

  [[nodiscard]] bool try_stop() {
    if (!counted_.dec_if_one())
      return false;
    owner_.detach();
    going_.store(1, std::memory_order_seq_cst);  // E2
    return true;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    owner_.reset();
  }

  [[nodiscard]] bool drained() { return counted_.dead(); }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        &counted_, [this] { return drained(); }, token);
  }

  void restart() {
    if (!counted_.try_inc())
      counted_.revive();  // E4
    owner_ = Pointer(&counted_, kAdopt);
    going_.store(0, std::memory_order_release);  // E3
  }

  std::int64_t count() const {
    const bool going = going_.load(std::memory_order_relaxed) != 0;
    return counted_.value() - (going ? 0 : 1);
  }

  void near_overflow(std::int64_t n) noexcept {
    counted_.set_near_limit(static_cast<std::int32_t>(n));
  }

 private:
  static constexpr bool kAdopt = false;  // the count is there already: add_ref is not called

  Counted counted_;  // starts at 1: the owner's
  typename M::template Atomic<std::uint32_t> going_{0};
  Pointer owner_{&counted_, kAdopt};
};

}  // namespace getput
