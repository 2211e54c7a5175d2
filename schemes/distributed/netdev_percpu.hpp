// SPDX-License-Identifier: MIT
// netdev_percpu: the reference count of a network device, one signed counter a CPU and a remover
// that polls.
//
// What: dev_hold() adds one on the CPU it runs on, dev_put() subtracts one on its CPU; neither
// knows what the sum is. The remover takes the device off its lists, waits until nobody is between
// finding it and holding it, and then looks at the sum again and again, at growing intervals.
//
// Where from: Linux 2.6.37 to today, include/linux/netdevice.h (dev_hold, dev_put), net/core/dev.c
// (netdev_refcnt_read, netdev_wait_allrefs_any); 29b4433d991c "net: percpu net_device refcount"
// (Dumazet 2010), since 5.13 behind CONFIG_PCPU_DEV_REFCNT; the intervals from 0e4be9e57e8c (2020).
//
// Cost: one instruction per hold and per put in the kernel, one rseq section here. Removal takes at
// least one interval if somebody is inside: 1 ms, doubled up to 250 ms.
//
// Invariants
//   I1  The sum over the CPUs is the number of references; one CPU's counter may be negative.
//   I2  Once the device is unlisted and the barrier has passed, nobody finds it any more. If the
//       holders take no more either, the counters only fall, and a sum of zero is final.
//
// Ordering
//   E1  put's release add -> the sum (acquire): the holder's accesses are done.
//   E2  going_ = 1; rseq_barrier() -> every later section sees it. The kernel's unlisting and
//       synchronize_net().
//   E3  restart's release of going_ -> the acquire of a section that finds it clear.
//
// Limits: the kernel's dev_hold() cannot fail; "find it in the list, then hold it" under RCU is one
// section with a flag here. A holder who takes another reference while the remover sums can make
// the sum zero (one signed counter, see percpu_stop_machine): get_while_going = false. Nobody is
// woken. An underflow is invisible (Linux 919067cc845f). try_stop() is ours: the kernel never
// tries.
#pragma once

#include <algorithm>
#include <chrono>

#include "../machine/native.hpp"
#include "../near_overflow.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class NetdevPercpu {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "netdev_percpu",
      .summary = "one signed counter per CPU and a remover that polls: dev_hold, dev_put",
      .origin = "Linux 2.6.37 to today, net/core/dev.c",
      .spurious_failure = true,
      .get_while_going = false,
      .count = CountExactness::approximate,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 16,
      .bytes_per_cpu = 8,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  NetdevPercpu() { M::require(info); }

  Ticket try_get() noexcept {
    return Ticket(words_.template add_if_clear<kRefs>(going_, 1, 1));  // E2, E3
  }

  Ticket get(const Ticket&) noexcept {
    words_.template add<kRefs>(1);
    return Ticket(true);
  }

  void put(Ticket) noexcept { words_.template add<kRefs>(-1); }  // E1

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::rseq_barrier();  // E2
  }

  [[nodiscard]] bool drained() { return count() == 0; }

  void wait_drained(StopToken token) {
    using namespace std::chrono_literals;
    for (std::chrono::milliseconds interval = 1ms; !drained() && !token.stop_requested();
         interval = std::min(interval * 2, kLongestInterval))
      M::pause(interval, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E3

  std::int64_t count() const { return words_.template sum<kRefs>(); }  // E1

  /// For tests: as if this CPU's word had been counting for long.
  void near_overflow(std::int64_t n) noexcept { shift_to_this_cpu<M, kRefs>(words_, n); }

 private:
  enum : std::size_t { kRefs };
  static constexpr std::chrono::milliseconds kLongestInterval{250};

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template PerCpuWords<1> words_;
};

}  // namespace getput
