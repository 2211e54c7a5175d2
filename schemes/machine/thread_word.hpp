// SPDX-License-Identifier: MIT
// Words in every thread that uses something, written only by that thread and read by all: an epoch
// record, or hazard pointers. They lie in static thread-local storage, so their address is a
// constant distance from the thread pointer; threads are known to others while they hold a guard.
//
// Fork: the child knows the words of threads that do not exist there, as they were: who was inside
// stays inside. A child starts afresh, with exec() or without the scheme.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "nesting_guard.hpp"

namespace getput::machine {

/// @p N words in each thread. @p User tells the words of one scheme from those of another.
template <class User, std::size_t N = 1>
class ThreadWord {
  struct Registration {
    static void enter() { known().add(&words_); }
    static void leave() { known().remove(&words_); }
  };

 public:
  using Word = std::atomic<std::uint64_t>;

  /// Makes the thread's words known. Counts nesting. The owner sees to it that they say "not
  /// inside" when the last one ends.
  using ThreadGuard = NestingGuard<Registration>;

  /// The calling thread's word number @p i, below N; 0 at first.
  static Word& mine(std::size_t i = 0) noexcept { return words_[i]; }

  /// Does @p accept(value) hold for every word of every known thread? Acquire; what a thread did
  /// before it became unknown has happened before, too.
  template <class Accept>
  static bool all_of(Accept accept) {
    return known().all_of(accept);
  }

 private:
  // Lines of their own: their thread writes them at every call.
  struct alignas(64) OwnLines : std::array<Word, N> {};

  class Known {
   public:
    void add(OwnLines* words) {
      const std::lock_guard lock(mutex_);
      threads_.push_back(words);
    }
    void remove(OwnLines* words) {
      const std::lock_guard lock(mutex_);
      std::erase(threads_, words);
    }
    template <class Accept>
    bool all_of(Accept accept) {
      const std::lock_guard lock(mutex_);
      return std::all_of(threads_.begin(), threads_.end(), [&accept](const OwnLines* words) {
        return std::all_of(words->begin(), words->end(), [&accept](const Word& word) {
          return accept(word.load(std::memory_order_acquire));
        });
      });
    }

   private:
    std::mutex mutex_;
    std::vector<OwnLines*> threads_;
  };

  /// Never destroyed: threads may outlive any order of destruction.
  static Known& known() {
    static Known* const all = new Known;
    return *all;
  }

  static inline thread_local constinit OwnLines words_{};
};

}  // namespace getput::machine
