// SPDX-License-Identifier: MIT
// Memory at a place that is drawn at random.
//
// Which part of the last-level cache serves a line follows from its address, and a contended
// fetch_add takes 32 to 65 ns depending on it. An allocator returns nearly the same address in
// every trial of a process, which makes the place a property of the process. Each trial therefore
// draws a page and a line in it for what its threads share.
//
// Pages stay with the arena once they were used, so different places are different physical pages.
#pragma once

#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include "bench/engine/line.hpp"

namespace getput::bench {

/// The generator of all choices of a trial.
using Random = std::mt19937_64;

/// An address range from which spans are drawn. Not for use by two threads at a time.
class Arena {
 public:
  static constexpr std::size_t kBytes = std::size_t{64} << 20U;

  /// Memory at a random place, aligned to kLine, until its end. Freshly mapped pages are zero;
  /// pages that were used before hold what was left there.
  class Span {
   public:
    Span() = default;
    Span(Span&& other) noexcept { swap(other); }
    Span& operator=(Span&& other) noexcept {
      swap(other);
      return *this;
    }
    ~Span();

    std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    /// Maps every page of the span from the calling thread, and thus on its node.
    void touch() const noexcept;

   private:
    friend class Arena;
    void swap(Span& other) noexcept {
      std::swap(arena_, other.arena_);
      std::swap(data_, other.data_);
      std::swap(size_, other.size_);
      std::swap(own_mapping_, other.own_mapping_);
    }

    Arena* arena_ = nullptr;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::byte* own_mapping_ = nullptr;  ///< of a span for which the arena has no room
  };

  /// The arena of this process.
  static Arena& instance();

  /// Throws EnvironmentError when the address space is refused.
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// A span on pages that no other span uses, not touched yet. Throws EnvironmentError when the
  /// memory is refused.
  Span draw(std::size_t bytes, Random& random);

 private:
  struct Used {
    std::size_t first_page;
    std::size_t pages;
  };

  Span map_alone(std::size_t bytes, std::size_t offset);
  bool is_free(std::size_t first_page, std::size_t pages) const;
  void release(const Span& span) noexcept;

  std::byte* base_ = nullptr;
  std::vector<Used> used_;
  std::size_t used_pages_ = 0;
};

}  // namespace getput::bench
