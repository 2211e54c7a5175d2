// SPDX-License-Identifier: MIT
// One word in every thread that uses something, written only by that thread and read by all: an
// epoch record, for instance. It lies in static thread-local storage, so its address is a constant
// distance from the thread pointer; threads are known to others while they hold a guard.
//
// Fork: the child knows the words of threads that do not exist there, as they were: who was inside
// stays inside. A child starts afresh, with exec() or without the scheme.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "nesting_guard.hpp"

namespace getput::machine {

/// @p User tells the words of one scheme from those of another.
template <class User>
class ThreadWord {
  struct Registration {
    static void enter() { known().add(&word_); }
    static void leave() { known().remove(&word_); }
  };

 public:
  using Word = std::atomic<std::uint64_t>;

  /// Makes the thread's word known. Counts nesting. The owner sees to it that the word says "not
  /// inside" when the last one ends.
  using ThreadGuard = NestingGuard<Registration>;

  /// The calling thread's word; 0 at first.
  static Word& mine() noexcept { return word_; }

  /// Does @p accept(value) hold for every known thread's word? Acquire; what a thread did before it
  /// became unknown has happened before, too.
  template <class Accept>
  static bool all_of(Accept accept) {
    return known().all_of(accept);
  }

 private:
  class Known {
   public:
    void add(Word* word) {
      const std::lock_guard lock(mutex_);
      words_.push_back(word);
    }
    void remove(Word* word) {
      const std::lock_guard lock(mutex_);
      std::erase(words_, word);
    }
    template <class Accept>
    bool all_of(Accept accept) {
      const std::lock_guard lock(mutex_);
      return std::all_of(words_.begin(), words_.end(), [&accept](const Word* word) {
        return accept(word->load(std::memory_order_acquire));
      });
    }

   private:
    std::mutex mutex_;
    std::vector<Word*> words_;
  };

  /// Never destroyed: threads may outlive any order of destruction.
  static Known& known() {
    static Known* const all = new Known;
    return *all;
  }

  // A line of its own: its thread writes it at every call.
  struct alignas(64) OwnLine : Word {
    using Word::Word;
  };
  static inline thread_local constinit OwnLine word_{0};
};

}  // namespace getput::machine
