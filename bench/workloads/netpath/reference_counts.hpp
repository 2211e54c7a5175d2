// SPDX-License-Identifier: MIT
// How many references the path took, by what was referred to: counted in passes for the books, not
// at all in timed code. The counts are books of the benchmark; no kernel keeps them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace getput::bench::netpath {

/// What a reference is to.
enum class Referred : std::uint8_t { module, device, dst, neighbour, policy, socket, count_ };

inline constexpr std::size_t kReferred = static_cast<std::size_t>(Referred::count_);
inline constexpr std::array<std::string_view, kReferred> kReferredNames = {
    "module", "device", "dst", "neighbour", "policy", "socket"};

using ReferenceCounts = std::array<std::uint64_t, kReferred>;

class CountedReferences {
 public:
  void took(Referred what) noexcept { ++counts_[static_cast<std::size_t>(what)]; }
  /// The references since the last call.
  ReferenceCounts take() noexcept { return std::exchange(counts_, ReferenceCounts{}); }

 private:
  ReferenceCounts counts_{};
};

class UncountedReferences {
 public:
  void took(Referred /*what*/) noexcept {}
  ReferenceCounts take() noexcept { return {}; }
};

}  // namespace getput::bench::netpath
