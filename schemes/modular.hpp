// SPDX-License-Identifier: MIT
// Arithmetic modulo 2^64 on signed words, as the kernel's -fno-strict-overflow has it everywhere:
// counters that only grow wrap, and differences of their sums stay right (Overflow::sum_wraps).
#pragma once

#include <cstdint>

namespace getput {

constexpr std::int64_t modular_sum(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

constexpr std::int64_t modular_difference(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace getput
