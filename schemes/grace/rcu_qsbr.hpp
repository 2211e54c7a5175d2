// SPDX-License-Identifier: MIT
// rcu_qsbr: no count; being inside is being online, and between quiescent states that is free.
//
// What: RCU by quiescent states. A thread that is online may be inside any module; a grace period
// ends when every thread has been offline or has said that it is in none. Where from, invariants of
// the removal side, limits: read_section.hpp.
//
// Who is online? A registered thread that is online and never says that it is quiescent holds up
// every removal in the process. A library cannot know where its caller is quiescent, so a thread is
// OFFLINE unless
//   - it holds a reference: the outermost try_get goes online, the matching put goes offline; or
//   - it has a Session: the caller says "I am online now", for instance around a batch of packets.
//     Inside, a get is a look at going_ and a put is nothing; the end of the outermost session is
//     the quiescent state. Sessions nest, and may begin while a reference is held.
//
// Cost: in a session two loads and two predicted branches a pair; outside three full barriers
// (mfence), as rcu_mb.
//
// Invariants
//   I3  A ticket says whether it was taken in a session. Such a ticket counts nothing: the session
//       stands for it, so it must be put before that session ends.
//   I4  A thread is online while it has a session or a ticket from outside sessions.
//
// Ordering
//   E1  put, or the end of the session -> end of the grace period (the full barrier of going
//       offline, liburcu).
//   E2  asymmetric in time only: stop's store; a grace period that starts later. A section that
//       misses the store is older than the grace period, which waits for its thread.
#pragma once

#include "../machine/native.hpp"
#include "../machine/urcu_qsbr.hpp"
#include "../scheme.hpp"
#include "read_section.hpp"

namespace getput {

template <class M = machine::Native>
class RcuQsbr : public GracePeriodRemoval<M, typename M::RcuQsbr> {
  using Domain = typename M::RcuQsbr;

 public:
  using ThreadGuard = typename Domain::ThreadGuard;

  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return held_ != Held::not_held; }

   private:
    friend class RcuQsbr;
    enum class Held : std::uint8_t { not_held, by_section, by_session };
    constexpr explicit Ticket(Held held) noexcept : held_(held) {}
    Held held_ = Held::not_held;
  };

  /// Keeps the thread online: gets and puts inside cost next to nothing, for every object of the
  /// scheme. What is taken inside is put inside.
  class Session {
   public:
    static constexpr bool kForAllObjects = true;
    [[nodiscard]] explicit Session(RcuQsbr&) noexcept {}

   private:
    [[no_unique_address]] typename Domain::Session online_;
  };

  // Locked instructions: of a pair in a session. Outside it is a call, and 1 and 2 barriers there.
  static constexpr SchemeInfo info{
      .name = "rcu_qsbr",
      .summary = "RCU by quiescent states: online while inside, free in a session (liburcu, qsbr)",
      .origin = "liburcu 0.13; Linux synchronize_rcu()",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .try_stop = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 16,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_registration = true,
  };

  RcuQsbr() { M::require(info); }

  Ticket try_get() noexcept {
    if (!Domain::in_session()) [[unlikely]]
      return enter();
    return this->is_going() ? Ticket() : Ticket(Ticket::Held::by_session);
  }

  Ticket get(const Ticket&) noexcept {
    if (Domain::in_session())
      return Ticket(Ticket::Held::by_session);
    Domain::read_lock();
    return Ticket(Ticket::Held::by_section);
  }

  void put(Ticket ticket) noexcept {
    if (ticket.held_ == Ticket::Held::by_section) [[unlikely]]
      leave();
  }

 private:
  [[gnu::noinline]] Ticket enter() noexcept {
    Domain::read_lock();
    if (this->is_going()) [[unlikely]] {
      Domain::read_unlock();
      return Ticket();
    }
    return Ticket(Ticket::Held::by_section);
  }

  [[gnu::noinline]] static void leave() noexcept { Domain::read_unlock(); }  // E1
};

}  // namespace getput
