// SPDX-License-Identifier: MIT
// What a scheme may ask of its machine. A scheme is written once, as a template on a machine; the
// native machine runs it for real (native.hpp), a model checker's machine runs the same source
// under weak memory.
//
// Two barriers carry the asymmetric schemes:
//   light_barrier()  the reader's half; orders only the compiler
//   heavy_barrier()  the remover's half; every thread passes a full barrier before it returns
//   stop_machine(f)  calls f while every registered thread stands still between two accesses
//   rseq_barrier()   as heavy_barrier(), and every rseq section that was running has finished or
//                    starts over (what stop_machine and synchronize_sched did for the kernel)
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>

#include "../scheme.hpp"

namespace getput::machine {

/// A flavour of RCU: sections that nest, threads that are registered, grace periods.
template <class R>
concept RcuDomain = requires(typename R::ThreadGuard guard, typename R::Head* head,
                             void (*func)(typename R::Head*)) {
  R::read_lock();
  R::read_unlock();
  R::synchronize();
  R::call(head, func);
  R::in_callback();
  R::barrier();
};

struct AnyUser {
  static constexpr const char* kName = "any";
  static constexpr const char* kThreadWordName = "any";
  static constexpr char kCpuSlotsName[] = "any";
};

template <class M>
concept Machine = requires(typename M::template Atomic<std::uint32_t> guard,
                           typename M::template Plain<std::int64_t> guarded,
                           typename M::template PerCpuWords<2> per_cpu,
                           const typename M::template PerCpuBanks<2> banks,
                           typename M::template PerCpuBanks<2>::Bank bank,
                           const typename M::template PerCpuSlots<AnyUser, 8> slots,
                           const typename M::template PerCpuSlots<AnyUser, 8>::Slot slot,
                           typename M::template PerThreadWords<2> per_thread,
                           typename M::SpinLock lock, const SchemeInfo& info, const void* key,
                           std::atomic<bool> warned, StopToken token) {
  { guard.load(std::memory_order_acquire) } -> std::same_as<std::uint32_t>;
  guarded = 0;
  guarded += 1;
  { guarded } -> std::convertible_to<std::int64_t>;
  { per_cpu.template add_if_clear<0>(guard, 1U, 1) }
  noexcept->std::same_as<bool>;
  { per_cpu.template add_within<0>(guard, 1U, 1, 8) }
  noexcept->std::same_as<bool>;
  { per_cpu.template add<1>(1) }
  noexcept;
  per_cpu.template on<1>(0U).fetch_add(1, std::memory_order_relaxed);
  { per_cpu.template sum<0>() }
  noexcept->std::same_as<std::int64_t>;
  { per_cpu.template clear<0>() }
  noexcept;
  { banks.bank(1U) } -> std::same_as<typename M::template PerCpuBanks<2>::Bank>;
  { bank.template add<1>(1) }
  noexcept;
  { bank.template sum<0>() }
  noexcept->std::same_as<std::int64_t>;
  { bank == bank } -> std::same_as<bool>;
  {static_cast<bool>(bank)};
  { slots.take(0, guard, 1U, 1U) }
  noexcept->std::same_as<typename M::template PerCpuSlots<AnyUser, 8>::Slot>;
  { slots.showing(1U) }
  noexcept->std::same_as<std::int64_t>;
  { slot.clear() }
  noexcept;
  {static_cast<bool>(slot)};
  { slot.is_elsewhere() } -> std::same_as<bool>;
  { per_thread.template add<0>(1) }
  noexcept;
  { per_thread.template sum<0>() }
  noexcept->std::same_as<std::int64_t>;
  {
    M::template ThreadWord<AnyUser>::mine().load(std::memory_order_relaxed)
    } -> std::same_as<std::uint64_t>;
  {
    M::template ThreadWord<AnyUser, 2>::mine(1).load(std::memory_order_relaxed)
    } -> std::same_as<std::uint64_t>;
  {
    M::template ThreadWord<AnyUser>::all_of([](std::uint64_t) { return true; })
    } -> std::same_as<bool>;
  { M::template ProcessWide<AnyUser>::get() } -> std::same_as<AnyUser&>;
  lock.lock();
  lock.unlock();
  { lock.try_lock() } -> std::same_as<bool>;
  { M::unavailable(info) } -> std::same_as<std::string>;
  M::require(info);
  { M::possible_cpus() } -> std::same_as<unsigned>;
  { M::current_cpu() } -> std::same_as<unsigned>;
  { M::this_thread() } -> std::same_as<std::uintptr_t>;
  { M::kThreadSlots } -> std::convertible_to<std::uint32_t>;
  { M::kCpuSlots } -> std::convertible_to<std::size_t>;
  { M::kTableSlots } -> std::convertible_to<std::uint32_t>;
  { M::table_slot(key) } -> std::same_as<std::uint32_t>;
  { M::monotonic_ns() } -> std::same_as<std::uint64_t>;
  M::cpu_relax();
  M::light_barrier();
  M::heavy_barrier();
  M::rseq_barrier();
  M::full_barrier();
  M::stop_machine([] {});
  typename M::StopMachineGuard;
  { M::PerCpuCache::slot_of(key) } -> std::same_as<std::uint32_t>;
  M::warn_once(warned, "once");
  M::pause(std::chrono::nanoseconds(1), token);
  M::wake_if_waiting(key);
  M::wait(
      key, [] { return true; }, token);
  requires RcuDomain<typename M::RcuMemb> && RcuDomain<typename M::RcuMb>;
  requires RcuDomain<typename M::RcuQsbr> && RcuDomain<typename M::RcuBp>;
  typename M::RcuQsbr::Session;
};

}  // namespace getput::machine
