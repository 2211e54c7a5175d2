// SPDX-License-Identifier: MIT
// machine::ThreadWord in the model: words in every thread, known to others while the thread holds a
// guard.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/spin_lock.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

template <class User, std::size_t N = 1>
class ThreadWord {
 public:
  class ThreadGuard {
   public:
    ThreadGuard() { change(1); }
    ~ThreadGuard() { change(0U - 1); }
    ThreadGuard(const ThreadGuard&) = delete;
    ThreadGuard& operator=(const ThreadGuard&) = delete;

   private:
    static void change(std::uint32_t by) {
      auto& depth = depth_[index_of_self()];
      lock_.lock();
      depth.store(depth.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
      lock_.unlock();
    }
  };

  static Atomic<std::uint64_t>& mine(std::size_t i = 0) noexcept {
    return words_[index_of_self()][i];
  }

  template <class Accept>
  static bool all_of(Accept accept, const Where& at = Where::current()) {
    lock_.lock(at);
    bool all = true;
    for (std::size_t i = 0; i < words_.size() && all; ++i)
      if (depth_[i].load(std::memory_order_relaxed, at) != 0)
        for (std::size_t word = 0; word < N && all; ++word)
          all = accept(words_[i][word].load(std::memory_order_acquire, at));
    lock_.unlock(at);
    return all;
  }

 private:
  static std::size_t index_of_self() { return static_cast<std::size_t>(self()); }

  static inline SpinLock lock_;
  static inline std::array<Atomic<std::uint32_t>, kMaxThreads> depth_;  // under lock_
  static inline std::array<std::array<Atomic<std::uint64_t>, N>, kMaxThreads> words_;
};

}  // namespace getput::model
