// SPDX-License-Identifier: MIT
// dpdk_qsbr: DPDK's RCU by quiescent states, rte_rcu_qsbr, and a live flag.
//
// What: all objects of the process share one rte_rcu_qsbr variable. A thread registers with it and
// is offline unless it has a Session or holds a reference. In a session try_get() is
// rte_rcu_qsbr_lock() and a check of the flag, put() is rte_rcu_qsbr_unlock(); both library calls
// are empty unless DPDK is built for debugging. Outside a session the outermost try_get() calls
// rte_rcu_qsbr_thread_online() and the matching put() rte_rcu_qsbr_thread_offline(). A removal
// takes a token from rte_rcu_qsbr_start() and asks rte_rcu_qsbr_check().
//
// Where from: DPDK, lib/rcu/rte_rcu_qsbr.h (Debian 12: libdpdk-dev 22.11). The library works
// without DPDK's environment layer (rte_eal_init). Sessions are those of grace/rcu_qsbr.hpp, the
// scheme to compare it with: a DPDK lcore has one around its polling loop.
//
// Cost: in a session a load and a branch more than nothing; outside a full fence and two stores.
// 64 bytes per possible thread for all objects.
//
// Ordering
//   E1  rte_rcu_qsbr_thread_offline()'s release -> rte_rcu_qsbr_check()'s acquire of that counter.
//   E2  Dekker: thread_online() stores the counter, full fence, load of the flag; stop() stores the
//       flag (seq_cst), full fence, start() and check() load the counters. (Their fence is on the
//       reader's side; ours is on the remover's.)
//   E3  restart's release of the flag -> try_get's acquire of it.
//
// Limits: not a reference: the thread that entered must leave, and delays every removal while it is
// inside. At most kThreads threads are registered at a time; one more throws std::length_error.
#pragma once

#include <rte_config.h>
#include <rte_rcu_qsbr.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <vector>

#include "schemes/machine/native.hpp"
#include "schemes/machine/nesting_guard.hpp"
#include "schemes/polling.hpp"
#include "schemes/scheme.hpp"

namespace getput {

template <class M = machine::Native>
class DpdkQsbr {
  static constexpr std::uint32_t kThreads = 1024;

  class Process {
   public:
    static constexpr const char* kName = "dpdk_qsbr";

    Process() : qsbr(make()) {
      free_.reserve(kThreads);
      for (std::uint32_t id = kThreads; id != 0; --id) free_.push_back(id - 1);
    }

    std::uint32_t take_id() {
      const std::lock_guard one_at_a_time(mutex_);
      if (free_.empty())
        throw std::length_error("dpdk_qsbr: more than 1024 threads are registered");
      const std::uint32_t id = free_.back();
      free_.pop_back();
      rte_rcu_qsbr_thread_register(qsbr, id);
      return id;
    }
    void give_back(std::uint32_t id) noexcept {
      const std::lock_guard one_at_a_time(mutex_);
      rte_rcu_qsbr_thread_unregister(qsbr, id);
      free_.push_back(id);
    }

    rte_rcu_qsbr* const qsbr;

   private:
    static rte_rcu_qsbr* make() {
      const std::size_t bytes = rte_rcu_qsbr_get_memsize(kThreads);
      void* const memory = std::aligned_alloc(RTE_CACHE_LINE_SIZE, bytes);
      if (memory == nullptr)
        throw std::bad_alloc();
      auto* const fresh = static_cast<rte_rcu_qsbr*>(memory);
      rte_rcu_qsbr_init(fresh, kThreads);
      return fresh;
    }

    machine::SpinLock mutex_;
    std::vector<std::uint32_t> free_;
  };

  static Process& process() { return M::template ProcessWide<Process>::get(); }

  struct ThisThread {
    rte_rcu_qsbr* qsbr = nullptr;
    std::uint32_t id = 0;
    std::uint32_t reasons =
        0;  // sessions, and references from outside sessions: online while not 0
    std::uint32_t sessions = 0;

    void go_online() noexcept {
      if (reasons++ == 0)
        rte_rcu_qsbr_thread_online(qsbr, id);
    }
    void leave() noexcept {
      if (--reasons == 0)
        rte_rcu_qsbr_thread_offline(qsbr, id);  // E1
    }
  };
  // One image only: a peer is never installed, so no shared library has a second copy.
  static inline thread_local constinit ThisThread this_thread_{};

  struct Registration {
    static constexpr const char* kGuardName = "dpdk_qsbr guard";
    static void enter() {
      this_thread_.id = process().take_id();
      this_thread_.qsbr = process().qsbr;
    }
    static void leave() { process().give_back(this_thread_.id); }
  };

 public:
  /// Registers the thread.
  using ThreadGuard = machine::NestingGuard<Registration>;

  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return held_ != Held::not_held; }

   private:
    friend class DpdkQsbr;
    enum class Held : std::uint8_t { not_held, by_section, by_session };
    constexpr explicit Ticket(Held held) noexcept : held_(held) {}
    Held held_ = Held::not_held;
  };

  /// Keeps the thread online, for every object of the peer. What is taken inside is put inside.
  class Session {
   public:
    static constexpr bool kForAllObjects = true;
    [[nodiscard]] explicit Session(DpdkQsbr&) noexcept {
      this_thread_.go_online();
      ++this_thread_.sessions;
    }
    ~Session() {
      --this_thread_.sessions;
      this_thread_.leave();
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
  };

  static constexpr SchemeInfo info{
      .name = "dpdk_qsbr",
      .summary = "rte_rcu_qsbr: online while inside, free in a session, and a live flag",
      .origin = "DPDK 22.11, lib/rcu/rte_rcu_qsbr.h",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .try_stop = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 24,
      .shared_bytes = sizeof(rte_rcu_qsbr) + kThreads * sizeof(rte_rcu_qsbr_cnt) + kThreads / 8,
      .locked_in_get = 0,  // of a pair in a session, as in grace/rcu_qsbr.hpp
      .locked_in_put = 0,
      .needs_registration = true,
  };

  DpdkQsbr() { M::require(info); }
  DpdkQsbr(const DpdkQsbr&) = delete;
  DpdkQsbr& operator=(const DpdkQsbr&) = delete;

  Ticket try_get() noexcept {
    if (this_thread_.sessions == 0) [[unlikely]]
      return enter();
    rte_rcu_qsbr_lock(this_thread_.qsbr, this_thread_.id);
    return is_going() ? Ticket() : Ticket(Ticket::Held::by_session);
  }

  Ticket get(const Ticket&) noexcept {
    if (this_thread_.sessions != 0)
      return Ticket(Ticket::Held::by_session);
    this_thread_.go_online();
    return Ticket(Ticket::Held::by_section);
  }

  void put(Ticket ticket) noexcept {
    if (ticket.held_ == Ticket::Held::by_section) [[unlikely]]
      this_thread_.leave();
    else
      rte_rcu_qsbr_unlock(this_thread_.qsbr, this_thread_.id);
  }

  [[nodiscard]] bool try_stop() { return false; }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    M::full_barrier();                           // E2
    token_ = 0;
  }

  [[nodiscard]] bool drained() { return check(false); }

  void wait_drained(StopToken token) {
    if (!token.stop_possible()) {
      static_cast<void>(check(true));
      return;
    }
    poll_until_drained<M>(*this, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E3

  std::int64_t count() const { return 0; }

 private:
  bool is_going() const noexcept { return going_.load(std::memory_order_acquire) != 0; }  // E2, E3

  Ticket enter() noexcept {
    this_thread_.go_online();
    if (is_going()) [[unlikely]] {
      this_thread_.leave();
      return Ticket();
    }
    return Ticket(Ticket::Held::by_section);
  }

  bool check(bool wait) {
    rte_rcu_qsbr* const qsbr = process_.qsbr;
    if (token_ == 0) {
      token_ = rte_rcu_qsbr_start(qsbr);
      M::full_barrier();  // E2: also on machines where the token's release is none
    }
    return rte_rcu_qsbr_check(qsbr, token_, wait) == 1;  // E1
  }

  Process& process_ = process();
  typename M::template Atomic<std::uint32_t> going_{0};
  std::uint64_t token_ = 0;  // of the grace period under way; the remover's alone
};

}  // namespace getput
