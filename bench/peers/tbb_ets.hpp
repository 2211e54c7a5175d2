// SPDX-License-Identifier: MIT
// tbb_ets: a pair of counters per thread in a tbb::enumerable_thread_specific, and a live flag.
//
// What: get counts in `gets` of its own thread, put in `puts` of its own thread, which may be
// another one. The remover adds up the counters of all threads. This is
// distributed/thread_split.hpp as a user of TBB writes it: the library finds the thread's counters.
//
// Where from: oneTBB, oneapi/tbb/enumerable_thread_specific.h (Debian 12: libtbb-dev 2021.8), with
// its default way to find an element, a hash table by thread id. The way by a key per instance is
// no alternative here: a process has 1024 thread keys, and objects may be more.
//
// What the adapter adds: the live flag, and a list of the elements. The list is needed because
// iterating over an enumerable_thread_specific is not safe while another thread adds its element;
// an element enters the list in its constructor. The Dekker between get and stop is the cheapest
// that the kernel allows, a compiler barrier against a membarrier of the remover. Without
// membarrier each get would need a full fence more.
//
// Cost: two look-ups in a hash table a pair, two plain additions. No locked instruction and no
// shared line. 128 bytes per object and thread, and a table: 400 bytes per object with one thread.
//
// Ordering
//   E1  put's addition -> the remover's sum of the puts.
//   E2  Dekker: get adds, compiler barrier, load of the flag; stop() stores the flag,
//       heavy_barrier(), sum.
//   E3  The puts are read before the gets, with a full fence between: a put that is counted has its
//       get counted.
//   E4  restart's release of the flag -> try_get's acquire of it.
//
// Limits: a thread's first use of an object allocates and takes a lock that every sum takes. TBB
// has an allocator of its own, which is why SchemeInfo does not say that a get calls malloc();
// still, the first use in a thread must not be in a signal handler. An object keeps the elements of
// threads that have ended.
#pragma once

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>

#include "schemes/machine/local_add.hpp"
#include "schemes/machine/native.hpp"
#include "schemes/modular.hpp"
#include "schemes/polling.hpp"
#include "schemes/removal.hpp"
#include "schemes/scheme.hpp"

namespace getput {

template <class M = machine::Native>
class TbbEts {
  class Counters {
   public:
    explicit Counters(TbbEts* owner) : next_(owner->enlist(this)) {}
    Counters(const Counters&) = delete;
    Counters& operator=(const Counters&) = delete;

    void add_get(std::int64_t n) noexcept {
      machine::local_add(reinterpret_cast<char*>(&gets_), n);
    }
    void add_put(std::int64_t n) noexcept {
      machine::local_add(reinterpret_cast<char*>(&puts_), n);
    }
    std::int64_t gets() const noexcept { return gets_.load(std::memory_order_acquire); }
    std::int64_t puts() const noexcept { return puts_.load(std::memory_order_acquire); }
    const Counters* next() const noexcept { return next_; }

   private:
    std::atomic<std::int64_t> gets_{0};
    std::atomic<std::int64_t> puts_{0};
    const Counters* next_;
  };

 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "tbb_ets",
      .summary = "two counters per thread in tbb::enumerable_thread_specific, and a live flag",
      .origin = "oneTBB 2021.8, oneapi/tbb/enumerable_thread_specific.h",
      .spurious_failure = true,
      .fork_any_moment = false,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::wait_free,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::blocking,  // try_stop() sums under a lock
      .bytes_per_object = 120,
      .bytes_per_thread = 400,  // of the first thread; the next element is there already
      .needs_membarrier = true,
  };

  TbbEts() : counters_(this) { M::require(info); }
  TbbEts(const TbbEts&) = delete;
  TbbEts& operator=(const TbbEts&) = delete;

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E4
      return Ticket();
    counters_.local().add_get(1);
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2
      counters_.local().add_put(1);
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    counters_.local().add_get(1);
    return Ticket(true);
  }

  void put(Ticket) noexcept { counters_.local().add_put(1); }  // E1

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::heavy_barrier();  // E2
  }

  [[nodiscard]] bool drained() { return count() == 0; }

  void wait_drained(StopToken token) { poll_until_drained<M>(*this, token); }

  void restart() { going_.store(0, std::memory_order_release); }  // E4

  std::int64_t count() const {
    const std::lock_guard no_new_element(list_);
    std::int64_t puts = 0;
    for (const Counters* c = first_; c != nullptr; c = c->next())
      puts = modular_sum(puts, c->puts());  // E1
    M::full_barrier();                      // E3
    std::int64_t gets = 0;
    for (const Counters* c = first_; c != nullptr; c = c->next())
      gets = modular_sum(gets, c->gets());
    return modular_difference(gets, puts);
  }

  void near_overflow(std::int64_t n) noexcept {
    counters_.local().add_get(std::numeric_limits<std::int64_t>::max() - n);
    counters_.local().add_put(std::numeric_limits<std::int64_t>::max() - n);
  }

 private:
  const Counters* enlist(const Counters* fresh) {
    const std::lock_guard one_at_a_time(list_);
    const Counters* const before = first_;
    first_ = fresh;
    return before;
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  mutable machine::SpinLock list_;
  const Counters* first_ = nullptr;
  tbb::enumerable_thread_specific<Counters> counters_;
};

}  // namespace getput
