// SPDX-License-Identifier: MIT
// Seeds: every trial's seed follows from the run's seed, the cell, the trial and the attempt, so
// that a repeated run makes the same choices whatever its order or its batches.
#pragma once

#include <cstdint>
#include <string_view>

namespace getput::bench {

/// splitmix64's finaliser (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

/// 53 bits, so that a reader that keeps JSON numbers as doubles gets them back exactly.
constexpr std::uint64_t trial_seed(std::uint64_t run_seed, std::string_view cell,
                                   std::uint64_t trial, std::uint64_t attempt) noexcept {
  std::uint64_t state = mix(run_seed);
  for (const char c : cell) {
    state = mix(state ^ static_cast<unsigned char>(c));
  }
  return mix(mix(state ^ trial) ^ (attempt << 32U)) >> 11U;
}

}  // namespace getput::bench
