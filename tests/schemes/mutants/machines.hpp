// SPDX-License-Identifier: MIT
// Machines that are broken on purpose. A scheme's own source, unchanged, runs on one of them and
// has to be caught: what cannot catch a planted bug proves nothing about the schemes that pass.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

#include "schemes/machine/native.hpp"
#include "schemes/machine/urcu_memb.hpp"

namespace getput::mutants {

using machine::Native;

/// stop() does not wait for callers that are half way: synchronize_sched() forgotten, or
/// percpu_ref_kill() without its confirmation.
struct NoRseqBarrier : Native {
  static void rseq_barrier() noexcept {}
};

/// Only the reader's half of the asymmetric barrier is there.
struct NoHeavyBarrier : Native {
  static void heavy_barrier() noexcept {}
};

/// The remover sleeps and nobody tells him.
struct NoWake : Native {
  static void wake_if_waiting(const void*) noexcept {}
};

/// The lock does not exclude anybody.
struct NoLock : Native {
  struct SpinLock {
    void lock() noexcept {}
    void unlock() noexcept {}
    bool try_lock() noexcept { return true; }
  };
};

/// The grace period is over before it began.
struct NoGracePeriod : Native {
  struct RcuMemb : Native::RcuMemb {
    static void synchronize() {}
    static void call(Head* head, void (*func)(Head*)) { func(head); }
  };
};

/// "Look whether it is live, then count" without a section around both.
struct CheckThenCount : Native {
  template <std::size_t N>
  struct PerCpuWords : Native::PerCpuWords<N> {
    template <std::size_t Word>
    bool add_if_clear(const std::atomic<std::uint32_t>& guard, std::uint32_t mask,
                      std::int64_t delta) noexcept {
      if ((guard.load(std::memory_order_acquire) & mask) != 0)
        return false;
      this->template add<Word>(delta);
      return true;
    }
  };
};

// The counters of percpu_split and thread_split: word 0 gets, word 1 puts.

/// One signed counter per CPU or thread instead of two one-way counters (Linux until 2010).
template <class Words>
struct SignedWords : Words {
  template <std::size_t Word>
  auto add(std::int64_t delta) noexcept {
    return Words::template add<0>(Word == 0 ? delta : -delta);
  }
  template <std::size_t Word>
  std::int64_t sum() const noexcept {
    return Word == 0 ? Words::template sum<0>() : 0;
  }
};

/// The gets are added up before the puts.
template <class Words>
struct GetsFirstWords : Words {
  template <std::size_t Word>
  std::int64_t sum() const noexcept {
    if (Word == 0)
      return gets_;
    gets_ = Words::template sum<0>();
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return Words::template sum<Word>();
  }
  mutable std::int64_t gets_ = 0;
};

/// One put in a million is lost.
template <class Words>
struct LosingWords : Words {
  template <std::size_t Word>
  auto add(std::int64_t delta) noexcept {
    static std::atomic<std::uint64_t> calls{0};
    const bool lost = Word == 1 && calls.fetch_add(1, std::memory_order_relaxed) % 1'000'000 == 7;
    return Words::template add<Word>(lost ? 0 : delta);
  }
};

/// A native machine whose per-CPU and per-thread words are wrapped.
template <template <class> class Wrapped>
struct WithWords : Native {
  template <std::size_t N>
  using PerCpuWords = Wrapped<Native::PerCpuWords<N>>;
  template <std::size_t N>
  struct PerThreadWords : Wrapped<Native::PerThreadWords<N>> {};
};

/// Any scheme, one put in a million lost.
template <class Scheme>
struct LosesPut : Scheme {
  void put(typename Scheme::Ticket ticket) noexcept {
    static std::atomic<std::uint64_t> puts{0};
    if (puts.fetch_add(1, std::memory_order_relaxed) % 1'000'000 != 999'999)
      Scheme::put(ticket);
  }
};

/// Any scheme, one refused caller in a thousand let in: he read a stale live flag.
template <class Scheme>
struct LetsIn : Scheme {
  typename Scheme::Ticket try_get() noexcept {
    static std::atomic<std::uint64_t> refused{0};
    const auto ticket = Scheme::try_get();
    if (ticket || refused.fetch_add(1, std::memory_order_relaxed) % 1000 != 999)
      return ticket;
    return Scheme::get(ticket);
  }
};

/// Any scheme whose ticket is one bit, a put on another CPU than that of this thread's get lost.
template <class Scheme>
struct LosesMigratedPut : Scheme {
  typename Scheme::Ticket try_get() noexcept {
    cpu_ = Native::current_cpu();
    return Scheme::try_get();
  }
  void put(typename Scheme::Ticket ticket) noexcept {
    if (Native::current_cpu() == cpu_)
      Scheme::put(ticket);
  }
  static inline thread_local unsigned cpu_ = 0;
};

/// Any scheme, said to saturate.
template <class Scheme>
struct SaidToSaturate : Scheme {
  static constexpr SchemeInfo info = [] {
    SchemeInfo claimed = Scheme::info;
    claimed.overflow = Overflow::saturates;
    return claimed;
  }();
};

// Wrappers that are broken around a library of other people, whose insides stay as they are.

/// The remover does not wait for the grace period, or for the write lock.
template <class Scheme>
struct DoesNotWait : Scheme {
  bool drained() { return true; }
  void wait_drained(const std::stop_token&) {}
};

/// The section, or the read lock, ends before the call instead of after it.
template <class Scheme>
struct LeavesAtOnce : Scheme {
  using Ticket = typename Scheme::Ticket;
  Ticket try_get() noexcept {
    const Ticket ticket = Scheme::try_get();
    if (ticket)
      Scheme::put(ticket);
    return ticket;
  }
  Ticket get(const Ticket& held) noexcept { return held; }
  void put(Ticket) noexcept {}
};

}  // namespace getput::mutants
