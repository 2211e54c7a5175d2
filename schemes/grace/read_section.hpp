// SPDX-License-Identifier: MIT
// What the RCU schemes have in common: a module that is there as long as somebody is in a read-side
// section of an RCU domain. rcu_memb, rcu_mb, rcu_bp and rcu_qsbr are this over a flavour of
// liburcu each, and say what it costs there.
//
// What: try_get enters a section and looks whether the module is live; put leaves the section. The
// remover marks the module going and waits until every section that was open has closed, whichever
// module it was for.
//
// Where from: "schedule on every CPU" (Linux 2.5.x proposals of 2002), synchronize_kernel() of
// 2.5, synchronize_rcu() since; in user space liburcu (Desnoyers, McKenney, Stern, Dagenais,
// Walpole: User-Level Implementations of Read-Copy Update, IEEE TPDS 2012).
//
// Invariants
//   I1  A section that began after stop() sees going_ and closes at once.
//   I2  A grace period that starts after stop() ends after all sections that missed I1.
//
// Ordering
//   E1  put's section end -> end of the grace period (liburcu).
//   E2  stop's store -> try_get's load in a later section (liburcu: by the full barriers of both
//       sides, or by the remover's membarrier).
//   E3  The callback's exchange of state, against drained()'s acquire load (the last step of E1),
//       and against the exchange that forgets: who comes second sees all, and deletes.
//   E4  restart's release of going_ -> try_get's acquire of it.
//
// Limits: not a reference. The thread that entered must leave; while it is inside, it delays every
// removal, so it must not sleep for long; nobody can tell whether one module is in use, so there
// is no try_stop(). liburcu 0.13 cannot poll a grace period: drained() starts one on liburcu's own
// thread and reports when it has ended.
#pragma once

#include "../scheme.hpp"

namespace getput {

/// The removal side, which every flavour shares.
template <class M, class RcuDomain>
class GracePeriodRemoval {
 public:
  using Rcu = RcuDomain;

  GracePeriodRemoval() = default;
  ~GracePeriodRemoval() { forget_grace_period(); }
  GracePeriodRemoval(const GracePeriodRemoval&) = delete;
  GracePeriodRemoval& operator=(const GracePeriodRemoval&) = delete;

  [[nodiscard]] bool try_stop() { return false; }

  void stop() {
    forget_grace_period();
    passed_ = false;
    going_.store(1, std::memory_order_seq_cst);  // E2
  }

  [[nodiscard]] bool drained() {
    if (passed_)
      return true;
    if (grace_period_ == nullptr)
      grace_period_ = GracePeriod::start(this);
    passed_ = grace_period_->state.load(std::memory_order_acquire) == kOver;  // E1, E3
    return passed_;
  }

  void wait_drained(StopToken token) {
    if (token.stop_possible()) {
      M::wait(
          this, [this] { return drained(); }, token);
    } else {
      Rcu::synchronize();
      passed_ = true;
    }
  }

  void restart() {
    forget_grace_period();
    going_.store(0, std::memory_order_release);  // E4
  }

  std::int64_t count() const { return 0; }

 protected:
  bool is_going() const noexcept { return going_.load(std::memory_order_acquire) != 0; }  // E2

 private:
  enum : std::uint32_t { kRunning, kOver, kForgotten };

  // A grace period under way. Whoever comes second, its end or the scheme that no longer wants to
  // know, deletes it.
  struct GracePeriod {
    typename Rcu::Head head{};  // first: liburcu hands its address back
    typename M::template Atomic<std::uint32_t> state{kRunning};
    typename M::template Plain<const void*> key = nullptr;

    static GracePeriod* start(const void* key) {
      auto* self = new GracePeriod;
      self->key = key;
      Rcu::call(&self->head, &GracePeriod::end);
      return self;
    }

    static void end(typename Rcu::Head* head) {
      Rcu::in_callback();
      auto* self = reinterpret_cast<GracePeriod*>(head);
      const void* const key = self->key;
      if (self->state.exchange(kOver, std::memory_order_seq_cst) == kForgotten)  // E3
        delete self;
      M::wake_if_waiting(key);
    }
  };

  void forget_grace_period() noexcept {
    if (grace_period_ != nullptr &&
        grace_period_->state.exchange(kForgotten, std::memory_order_acq_rel) == kOver)  // E3
      delete grace_period_;
    grace_period_ = nullptr;
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  bool passed_ = false;  // the remover's alone, like the next
  GracePeriod* grace_period_ = nullptr;
};

/// Both sides, for flavours whose sections nest by counting.
template <class M, class RcuDomain>
class ReadSection : public GracePeriodRemoval<M, RcuDomain> {
 public:
  using Ticket = BoolTicket;

  [[gnu::always_inline]] Ticket try_get() noexcept {
    RcuDomain::read_lock();
    if (this->is_going()) [[unlikely]] {
      RcuDomain::read_unlock();
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    RcuDomain::read_lock();
    return Ticket(true);
  }

  [[gnu::always_inline]] void put(Ticket) noexcept { RcuDomain::read_unlock(); }  // E1
};

}  // namespace getput
