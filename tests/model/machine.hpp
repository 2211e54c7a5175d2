// SPDX-License-Identifier: MIT
// The machine that runs a scheme's source under the model checker: every member of the native
// machine that schemes use, on the simulated world (world.hpp).
//
// Two places are weaker than hardware, so that nothing is proven by them: an rseq section may be
// restarted and moved to another CPU at any step, and words that another thread wrote are seen
// late unless an edge says otherwise.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "schemes/scheme.hpp"
#include "tests/model/cell.hpp"
#include "tests/model/per_cpu_cache.hpp"
#include "tests/model/per_cpu_slots.hpp"
#include "tests/model/per_thread.hpp"
#include "tests/model/rcu.hpp"
#include "tests/model/spin_lock.hpp"
#include "tests/model/thread_word.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

/// machine::PerCpuWords. A section is: read the guard, read the word, commit; another thread may
/// run before the guard is read and before the commit.
template <std::size_t N>
class PerCpuWords {
 public:
  static constexpr std::size_t kBytesPerCpu = N * sizeof(std::int64_t);

  template <std::size_t Word>
  bool add_if_clear(const Atomic<std::uint32_t>& guard, std::uint32_t mask, std::int64_t delta,
                    const Where& at = Where::current()) noexcept {
    uses.sections = true;
    for (;;) {
      const Section section;
      if ((guard.load(std::memory_order_acquire, at) & mask) != 0)
        return false;
      if (commit<Word>(section, delta, at))
        return true;
    }
  }

  template <std::size_t Word>
  bool add_within(const Atomic<std::uint32_t>& guard, std::uint32_t mask, std::int64_t delta,
                  std::int64_t limit, const Where& at = Where::current()) noexcept {
    uses.sections = true;
    for (;;) {
      const Section section;
      if ((guard.load(std::memory_order_acquire, at) & mask) != 0)
        return false;
      const std::int64_t after =
          words_[section.cpu()][Word].load(std::memory_order_relaxed, at) + delta;
      if (after < 0 || after > limit) {
        if (section.broken())
          continue;
        return false;
      }
      if (commit<Word>(section, delta, at))
        return true;
    }
  }

  template <std::size_t Word>
  void add(std::int64_t delta, const Where& at = Where::current()) noexcept {
    uses.sections = true;
    for (;;)
      if (const Section section; commit<Word>(section, delta, at))
        return;
  }

  template <std::size_t Word>
  Atomic<std::int64_t>& on(unsigned cpu) noexcept {
    return words_[cpu][Word];
  }

  template <std::size_t Word>
  std::int64_t sum(const Where& at = Where::current()) const noexcept {
    std::uint64_t total = 0;
    for (const auto& cpu : words_)
      total += static_cast<std::uint64_t>(cpu[Word].load(std::memory_order_acquire, at));
    return static_cast<std::int64_t>(total);
  }

  template <std::size_t Word>
  void clear(const Where& at = Where::current()) noexcept {
    for (auto& cpu : words_) cpu[Word].store(0, std::memory_order_relaxed, at);
  }

 private:
  template <std::size_t Word>
  bool commit(const Section& section, std::int64_t delta, const Where& at) noexcept {
    static_assert(Word < N);
    auto& word = words_[section.cpu()][Word];
    std::int64_t before;
    {
      const Uninterrupted directly_after_the_guard;
      before = word.load(std::memory_order_relaxed, at);
    }
    step();
    const Uninterrupted as_one;
    if (section.broken())
      return false;
    word.store(before + delta, std::memory_order_release, at);
    uses.counted_per_cpu = true;
    compiler_barrier();  // assembly
    return true;
  }

  std::array<std::array<Atomic<std::int64_t>, N>, kCpus> words_;
};

/// machine::PerCpuBanks: a bank is a pointer to words of its own, which end with the object.
template <std::size_t N>
class PerCpuBanks {
 public:
  class Bank {
   public:
    constexpr Bank() noexcept = default;
    constexpr explicit operator bool() const noexcept { return words_ != nullptr; }
    constexpr bool operator==(const Bank&) const noexcept = default;

    template <std::size_t Word>
    void add(std::int64_t delta, const Where& at = Where::current()) const noexcept {
      words_->template add<Word>(delta, at);
    }
    template <std::size_t Word>
    std::int64_t sum(const Where& at = Where::current()) const noexcept {
      return words_->template sum<Word>(at);
    }

   private:
    friend class PerCpuBanks;
    constexpr explicit Bank(PerCpuWords<N>* words) noexcept : words_(words) {}
    PerCpuWords<N>* words_ = nullptr;
  };

  Bank bank(unsigned index) const noexcept { return Bank(&banks_.at(index)); }

 private:
  mutable std::array<PerCpuWords<N>, 2> banks_;
};

struct RelacyMachine {
  template <class T>
  using Atomic = model::Atomic<T>;
  template <class T>
  using Plain = model::Plain<T>;
  template <std::size_t N>
  using PerCpuWords = model::PerCpuWords<N>;
  template <std::size_t N>
  using PerCpuBanks = model::PerCpuBanks<N>;
  template <std::size_t N>
  using PerThreadWords = model::PerThreadWords<N>;
  using PerCpuCache = model::PerCpuCache;
  template <class User, std::size_t N>
  using PerCpuSlots = model::PerCpuSlots<User, N>;
  template <class User, std::size_t N = 1>
  using ThreadWord = model::ThreadWord<User, N>;
  template <class T>
  class ProcessWide {
   public:
    static T& get() noexcept {
      static_cast<void>(&made_before_executions_);
      static T only;
      return only;
    }

   private:
    static inline const T& made_before_executions_ = get();
  };
  using SpinLock = model::SpinLock;
  using RcuMemb = model::RcuByMembarrier;
  using RcuMb = model::Rcu;
  using RcuQsbr = model::RcuWithSessions;
  using RcuBp = model::RcuUnregistered;

  static std::string unavailable(const SchemeInfo&) { return {}; }
  static void require(const SchemeInfo&) { uses.asked = true; }

  static unsigned possible_cpus() noexcept { return kCpus; }
  static unsigned current_cpu() noexcept { return some_cpu(); }
  static std::uintptr_t this_thread() noexcept { return static_cast<std::uintptr_t>(self()) + 1; }
  /// Few, so that a search for a free one goes past the first.
  static constexpr std::uint32_t kThreadSlots = 2;
  static constexpr std::size_t kCpuSlots = 2;
  /// Few, so that threads collide; one thread always collides with itself.
  static constexpr std::uint32_t kTableSlots = 2;
  static std::uint32_t table_slot(const void*) noexcept {
    return static_cast<std::uint32_t>(self()) % kTableSlots;
  }
  static std::uint64_t monotonic_ns() noexcept { return model::monotonic_ns(); }
  static void cpu_relax(const Where& at = Where::current()) noexcept { let_others_run(at); }

  static void light_barrier() noexcept {
    uses.light_barriers = true;
    compiler_barrier();
  }
  static void heavy_barrier(const Where& at = Where::current()) noexcept {
    uses.barriers = true;
    membarrier(false, at);
  }
  static void rseq_barrier(const Where& at = Where::current()) noexcept {
    uses.barriers = true;
    membarrier(true, at);
  }
  static void full_barrier(const Where& at = Where::current()) noexcept { full_fence(at); }

  struct StopMachineGuard {};
  template <class F>
  static void stop_machine(F f, const Where& at = Where::current()) {
    uses.stops_machine = true;
    const StoppedMachine others_stand_still(at);
    f();
  }

  static void pause(std::chrono::nanoseconds, const std::stop_token&,
                    const Where& at = Where::current()) {
    let_others_run(at);
  }

  static void wake_if_waiting(const void* key, const Where& at = Where::current()) noexcept {
    futex::wake_if_waiting(key, at);
  }

  /// As machine::Parking::wait(), with one look before sleeping instead of hundreds.
  template <class Done>
  static void wait(const void* key, Done done, const std::stop_token& token,
                   const Where& at = Where::current()) {
    uses.sleeps = true;
    if (done() || token.stop_requested())
      return;
    futex::announce(at);
    for (;;) {
      const std::uint32_t ticket = futex::ticket();
      if (done() || token.stop_requested())
        break;
      futex::sleep(key, ticket, at);
    }
    futex::withdraw(at);
  }

  /// What "cannot happen unless the caller broke the contract" does not happen in a model run that
  /// does not break it on purpose.
  static void warn_once(std::atomic<bool>& warned, const char* message,
                        const Where& at = Where::current()) noexcept {
    model::require(!warned.load(std::memory_order_relaxed), "never warns", at);
    model::require(uses.warning_expected, message, at);
    uses.warned = true;
  }
};

}  // namespace getput::model
