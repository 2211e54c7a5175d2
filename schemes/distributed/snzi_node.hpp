// SPDX-License-Identifier: MIT
// The nodes of snzi: where they are in the tree, and what their words hold. snzi.hpp explains both.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <utility>

namespace getput {

/// The tree's shape: which node is whose child. Nodes are numbered from the root's children
/// downwards: Fanout of them, then theirs. The first ones are inner nodes, then comes a leaf for
/// each CPU.
template <unsigned Fanout>
class SnziShape {
 public:
  /// As few as give every leaf a place: each takes one and offers Fanout.
  static unsigned inner_nodes(unsigned cpus) noexcept {
    return (std::max(cpus, 2U) - 2) / (Fanout - 1);
  }
  /// Wraps around for the root's children.
  static unsigned parent_of(unsigned node) noexcept { return node / Fanout - 1; }
  static unsigned root() noexcept { return std::numeric_limits<unsigned>::max(); }
};

/// The word of a node.
struct SnziWord {
  // A node: two marks that only leaves have, twice the surplus (its lowest bit is "1/2"), the
  // version.
  static constexpr std::uint64_t kBarred = 1;
  static constexpr std::uint64_t kResident = 2;
  static constexpr std::uint64_t kHalf = 4;
  static constexpr std::uint64_t kOne = 8;
  static constexpr std::uint64_t kVersion = std::uint64_t{1} << 34;
  static std::uint64_t surplus(std::uint64_t node) noexcept { return node & (kVersion - kHalf); }
  static bool same_version(std::uint64_t a, std::uint64_t b) noexcept {
    return a / kVersion == b / kVersion;
  }

  // Words of leaves are signed, those of inner nodes are not.
  template <class W>
  using ValueOf = decltype(std::declval<W>().load(std::memory_order_relaxed));

  template <class W>
  static std::uint64_t look(W&& word, std::memory_order order) noexcept {
    return static_cast<std::uint64_t>(word.load(order));
  }
  template <class W>
  static void add(W&& word, std::uint64_t n) noexcept {
    word.fetch_add(static_cast<ValueOf<W>>(n), std::memory_order_acq_rel);
  }
  /// @p seen becomes what was found: acquire, because a helper may have counted this thread (E3).
  template <class W>
  static bool exchange(W&& word, std::uint64_t& seen, std::uint64_t wanted) noexcept {
    auto found = static_cast<ValueOf<W>>(seen);
    const bool done =
        word.compare_exchange_strong(found, static_cast<ValueOf<W>>(wanted),
                                     std::memory_order_acq_rel, std::memory_order_acquire);
    seen = static_cast<std::uint64_t>(found);
    return done;
  }

  /// One more where there is a surplus already; false if there is none, or the word has changed.
  template <class W>
  static bool join(W&& word) noexcept {
    std::uint64_t seen = look(word, std::memory_order_relaxed);
    return surplus(seen) >= kOne && exchange(word, seen, seen + kOne);
  }

  /// One less, and @p mark with it; true if that was the last.
  template <class W>
  static bool leave(W&& word, std::uint64_t mark = 0) noexcept {
    const auto before =
        word.fetch_sub(static_cast<ValueOf<W>>(kOne + mark), std::memory_order_acq_rel);
    return surplus(static_cast<std::uint64_t>(before)) == kOne;
  }

  /// From 1/2 to 1, or back to 0 if this thread has not @p arrived at the parent; false if that has
  /// been done. A mark that the remover changes meanwhile does not count (I2).
  template <class W>
  static bool settle(W&& word, std::uint64_t& found, bool arrived) noexcept {
    const std::uint64_t half = found;
    while (!exchange(word, found, arrived ? found + kHalf : found - kHalf)) {
      if (!same_version(found, half) || surplus(found) != kHalf)
        return false;
    }
    return true;
  }
};

}  // namespace getput
