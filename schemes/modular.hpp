// SPDX-License-Identifier: MIT
// Arithmetic modulo 2^32 or 2^64 on signed words, as the kernel's -fno-strict-overflow has it
// everywhere: counters wrap (Overflow::wraps), and differences of the sums of counters that only
// grow stay right (Overflow::sum_wraps).
#pragma once

#include <concepts>
#include <type_traits>

namespace getput {

template <std::signed_integral T>
constexpr T modular_sum(T a, std::type_identity_t<T> b) noexcept {
  using Bits = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<Bits>(a) + static_cast<Bits>(b));
}

template <std::signed_integral T>
constexpr T modular_difference(T a, std::type_identity_t<T> b) noexcept {
  using Bits = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<Bits>(a) - static_cast<Bits>(b));
}

}  // namespace getput
