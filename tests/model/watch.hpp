// SPDX-License-Identifier: MIT
// Which words a thread reads and writes while somebody watches: where a scheme keeps its count.
// Locks are looked past.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "tests/model/world.hpp"

namespace getput::model::watch {

/// A few words, each once.
class Words {
 public:
  void add(const void* word) {
    if (has(word))
      return;
    require(count_ < words_.size(), "more words than can be watched; raise kMost");
    words_[count_++] = word;
  }
  bool has(const void* word) const { return std::find(begin(), end(), word) != end(); }
  const void* const* begin() const { return words_.data(); }
  const void* const* end() const { return words_.data() + count_; }

 private:
  static constexpr std::size_t kMost = 64;
  std::array<const void*, kMost> words_{};
  std::size_t count_ = 0;
};

// Where what is read and written is noted; null: nowhere.
inline Words* read = nullptr;
inline Words* written = nullptr;

inline void loads(const void* word) {
  if (read != nullptr)
    read->add(word);
}
inline void stores(const void* word) {
  if (written != nullptr)
    written->add(word);
}

/// While one lives, everything is noted there.
class Watching {
 public:
  Watching(Words* reads, Words* writes) {
    read = reads;
    written = writes;
  }
  ~Watching() { read = written = nullptr; }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
};

/// While one lives, nothing is noted. Ends with the watch that it interrupts.
class Aside {
 public:
  Aside() : read_(read), written_(written) { read = written = nullptr; }
  ~Aside() {
    read = read_;
    written = written_;
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  Words* read_;
  Words* written_;
};

}  // namespace getput::model::watch
