// SPDX-License-Identifier: MIT
// machine::PerThreadWords in the model: a thread counts before anybody knows it, becomes known
// under a lock that the sum takes too, and folds its counts into those of departed threads when it
// finishes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

/// All threads' words of one object.
class ThreadWords {
 public:
  explicit ThreadWords(std::size_t words);
  ~ThreadWords();
  ThreadWords(const ThreadWords&) = delete;
  ThreadWords& operator=(const ThreadWords&) = delete;

  /// Adds to the thread's word; returns its attention word, read after the add.
  std::uint32_t add(std::size_t word, std::int64_t delta, const Where& at);
  std::int64_t sum(std::size_t word, const Where& at) const;

  static void attach(const Where& at);
  static void ask_attention(bool on, const Where& at);

 private:
  friend void leave_threads_words();

  static constexpr std::size_t kMaxWords = 2;
  std::array<std::array<Atomic<std::int64_t>, kMaxWords>, kMaxThreads> words_;
  std::array<Atomic<std::int64_t>, kMaxWords> departed_;
  std::size_t count_;
};

/// The calling thread finishes: folds its counts.
void leave_threads_words();

/// Before each execution: no thread is known.
void forget_threads_words();

template <std::size_t N>
class PerThreadWords {
 public:
  static constexpr std::size_t kBytesPerThread = N * sizeof(std::int64_t);

  static void attach(const Where& at = Where::current()) { ThreadWords::attach(at); }
  static void attach_or_abort(const Where& at = Where::current()) noexcept {
    ThreadWords::attach(at);
  }

  template <std::size_t Word>
  std::uint32_t add(std::int64_t delta, const Where& at = Where::current()) noexcept {
    static_assert(Word < N);
    uses.thread_words = true;
    return words_.add(Word, delta, at);
  }

  template <std::size_t Word>
  std::int64_t sum(const Where& at = Where::current()) const noexcept {
    return words_.sum(Word, at);
  }

  class Attention {
   public:
    Attention() noexcept { ThreadWords::ask_attention(true, Where::current()); }
    ~Attention() { ThreadWords::ask_attention(false, Where::current()); }
    Attention(const Attention&) = delete;
    Attention& operator=(const Attention&) = delete;
  };

 private:
  ThreadWords words_{N};
};

}  // namespace getput::model
