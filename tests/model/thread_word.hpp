// SPDX-License-Identifier: MIT
// machine::ThreadWord in the model: a word in every thread.
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

template <class User>
class ThreadWord {
 public:
  static Atomic<std::uint64_t>& mine() noexcept { return words_[static_cast<std::size_t>(self())]; }

  template <class Accept>
  static bool all_of(Accept accept, const Where& at = Where::current()) {
    bool all = true;
    for (auto& word : words_) all = all && accept(word.load(std::memory_order_acquire, at));
    return all;
  }

 private:
  static inline std::array<Atomic<std::uint64_t>, kMaxThreads> words_;
};

}  // namespace getput::model
