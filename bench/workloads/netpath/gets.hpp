// SPDX-License-Identifier: MIT
// How many module references the path took: counted in passes for the books, not at all in timed
// code. The count is a book of the benchmark; no kernel keeps it.
#pragma once

#include <cstdint>
#include <utility>

namespace getput::bench::netpath {

class CountedGets {
 public:
  CountedGets& operator++() noexcept {
    ++count_;
    return *this;
  }
  /// The references since the last call.
  std::uint64_t take() noexcept { return std::exchange(count_, 0U); }

 private:
  unsigned count_ = 0;
};

class UncountedGets {
 public:
  UncountedGets& operator++() noexcept { return *this; }
  std::uint64_t take() noexcept { return 0; }
};

}  // namespace getput::bench::netpath
