// SPDX-License-Identifier: MIT
// The module's text, as a word: mapped while the module may be called, poisoned by the remover
// once it is drained. Who sees the poison while he holds a reference has been called into unmapped
// memory. The words are ordinary memory on purpose: ThreadSanitizer then requires the edge from put
// to drained() that every scheme promises.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace getput::contract {

class Text {
 public:
  /// For a caller who holds a reference. Reads the current generation's word; a restart maps the
  /// text of the next generation, as loading a module again does.
  bool mapped() const {
    const std::uint32_t now = generation_.load(std::memory_order_acquire);
    return *static_cast<const volatile std::uint32_t*>(&words_[now % 2]) == kMapped;
  }

  /// For the remover, after drain.
  void unmap() { *word(0) = kPoison; }

  /// For the remover, before restart().
  void map_again() {
    *word(1) = kMapped;
    generation_.store(generation_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

 private:
  static constexpr std::uint32_t kMapped = 0x600dc0de;
  static constexpr std::uint32_t kPoison = 0xdeadc0de;

  volatile std::uint32_t* word(std::uint32_t ahead) {
    return &words_[(generation_.load(std::memory_order_relaxed) + ahead) % 2];
  }

  std::atomic<std::uint32_t> generation_{0};
  std::array<std::uint32_t, 2> words_{kMapped, kPoison};
};

}  // namespace getput::contract
