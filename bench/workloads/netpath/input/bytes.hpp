// SPDX-License-Identifier: MIT
// Loads and stores of network order fields at any address. memcpy keeps them free of alignment
// and aliasing trouble and compiles to one instruction.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace getput::bench::netpath {

namespace detail {
template <class T>
constexpr T swap_bytes(T value) noexcept {
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(value));
  else if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(value));
  else
    return static_cast<T>(__builtin_bswap64(value));
}
}  // namespace detail

/// The big-endian T at @p from, in host order.
template <class T>
inline T load_be(const std::uint8_t* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  if constexpr (std::endian::native == std::endian::little)
    value = detail::swap_bytes(value);
  return value;
}

/// Stores @p value at @p to in big-endian order.
template <class T>
inline void store_be(std::uint8_t* to, T value) noexcept {
  if constexpr (std::endian::native == std::endian::little)
    value = detail::swap_bytes(value);
  std::memcpy(to, &value, sizeof(T));
}

/// The T at @p from exactly as it lies in memory.
template <class T>
inline T load_raw(const std::uint8_t* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace getput::bench::netpath
