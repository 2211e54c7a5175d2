// SPDX-License-Identifier: MIT
// The native machine: what a scheme stands on when it runs for real. Every member is a zero-cost
// name for std::atomic, an rseq section, membarrier, liburcu or a futex; no scheme uses those
// directly, so that the same source also runs on a model checker's machine.
#pragma once

#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "../scheme.hpp"
#include "cpus.hpp"
#include "errors.hpp"
#include "fence.hpp"
#include "local_add.hpp"
#include "membarrier.hpp"
#include "parking.hpp"
#include "per_cpu.hpp"
#include "per_cpu_banks.hpp"
#include "per_cpu_cache.hpp"
#include "per_cpu_slots.hpp"
#include "per_thread.hpp"
#include "process_wide.hpp"
#include "rseq.hpp"
#include "spin_lock.hpp"
#include "stop_machine.hpp"
#include "thread_word.hpp"

namespace getput::machine {

// The RCU domains, defined in urcu_<flavour>.hpp. Only a scheme that uses one includes that, and
// with it liburcu (urcu_domain.hpp).
template <class Flavour>
class UrcuDomain;
struct UrcuMembFlavour;
struct UrcuMbFlavour;
struct UrcuBpFlavour;
class RcuQsbrDomain;

struct Native {
  template <class T>
  using Atomic = std::atomic<T>;
  /// A member that a lock guards, or that one thread owns; the model checks that.
  template <class T>
  using Plain = T;
  template <std::size_t N>
  using PerCpuWords = machine::PerCpuWords<N>;
  template <std::size_t N>
  using PerCpuBanks = machine::PerCpuBanks<N>;
  template <std::size_t N>
  using PerThreadWords = machine::PerThreadWords<N>;
  using PerCpuCache = machine::PerCpuCache;
  template <class User, std::size_t N>
  using PerCpuSlots = machine::PerCpuSlots<User, N>;
  template <class User, std::size_t N = 1>
  using ThreadWord = machine::ThreadWord<User, N>;
  /// The one T of the process, T::kName.
  template <class T>
  using ProcessWide = machine::ProcessWide<T>;
  using SpinLock = machine::SpinLock;
  using RcuMemb = UrcuDomain<UrcuMembFlavour>;
  using RcuMb = UrcuDomain<UrcuMbFlavour>;
  using RcuQsbr = RcuQsbrDomain;
  using RcuBp = UrcuDomain<UrcuBpFlavour>;

  /// Empty if a scheme with @p info can run here, else one line that says what is missing.
  static std::string unavailable(const SchemeInfo& info) {
    if (info.needs_stop_machine && !StopMachine::available())
      return "not available here: ThreadSanitizer keeps signals back from threads that wait";
    if (info.needs_rseq && !rseq_available())
      return "not available here: kernel or libc without rseq";
    if (info.needs_rseq && info.needs_membarrier && !Membarrier::rseq_available())
      return "not available here: kernel without membarrier for rseq";
    if (info.needs_membarrier && !Membarrier::available())
      return "not available here: kernel without expedited membarrier";
    return {};
  }

  /// For constructors: throws Unavailable where unavailable() is not empty.
  [[gnu::noinline]] static void require(const SchemeInfo& info) {
    if (const std::string why = unavailable(info); !why.empty())
      fail<Unavailable>(std::string(info.name) + ": " + why);
  }

  static unsigned possible_cpus() noexcept { return machine::possible_cpus(); }

  /// This thread's CPU, a hint. Works without rseq too (a vDSO or system call then).
  static unsigned current_cpu() noexcept {
    if (rseq_available()) [[likely]]
      return rseq_arch::current_cpu();
    return static_cast<unsigned>(sched_getcpu());
  }

  /// A number of the calling thread: not 0, and no other living thread has it.
  static std::uintptr_t this_thread() noexcept {
    return reinterpret_cast<std::uintptr_t>(thread_pointer());
  }

  /// Slots that a thread has for the objects it holds. With a count beside each and one more they
  /// fill two cache lines.
  static constexpr std::uint32_t kThreadSlots = 7;

  /// Slots that a CPU has for the objects in use on it: a cache line.
  static constexpr std::size_t kCpuSlots = 8;

  /// Slots of a table that all objects of the process share.
  static constexpr std::uint32_t kTableSlots = 4096;

  /// The slot that this thread takes for @p object: the top bits of a product, which spread even
  /// though thread pointers lie whole stacks apart.
  static std::uint32_t table_slot(const void* object) noexcept {
    static_assert(kTableSlots == 1U << 12);
    const std::uint64_t mixed =
        std::uint64_t{this_thread()} * 0x9e3779b97f4a7c15U +
        std::uint64_t{reinterpret_cast<std::uintptr_t>(object)} * 0xd1b54a32d192ed03U;
    return static_cast<std::uint32_t>(mixed >> (64 - 12));
  }

  /// Nanoseconds of a clock that does not go back. A call: not for a straight line.
  static std::uint64_t monotonic_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  }

  static void cpu_relax() noexcept { machine::cpu_relax(); }

  /// The reader's half of the asymmetric barrier: orders nothing but the compiler.
  static void light_barrier() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }
  static void heavy_barrier() noexcept { Membarrier::heavy_barrier(); }
  static void rseq_barrier() noexcept { Membarrier::rseq_barrier(); }
  static void full_barrier() noexcept { full_fence(); }

  /// Threads hold one while they use a scheme that stops the machine.
  using StopMachineGuard = StopMachine::ThreadGuard;

  /// Calls @p f while every other thread with a guard stands still and no rseq section is half way.
  template <class F>
  static void stop_machine(F f) {
    StopMachine::run(f);
  }

  /// Sleeps for @p length, or until @p token asks to stop.
  static void pause(std::chrono::nanoseconds length, const StopToken& token) {
    Parking::pause(length, token);
  }

  static void wake_if_waiting(const void* key) noexcept { Parking::wake_if_waiting(key); }
  template <class Done>
  static void wait(const void* key, Done done, const StopToken& token) {
    Parking::wait(key, done, token);
  }

  /// "This cannot happen unless the caller broke the contract": one line on stderr, the first time.
  [[gnu::cold, gnu::noinline]] static void warn_once(std::atomic<bool>& warned,
                                                     const char* message) noexcept {
    if (!warned.exchange(true, std::memory_order_relaxed))
      std::fprintf(stderr, "getput: %s\n", message);
  }
};

}  // namespace getput::machine
