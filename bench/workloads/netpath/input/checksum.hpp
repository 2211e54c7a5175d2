// SPDX-License-Identifier: MIT
// The internet checksum (RFC 1071) and its incremental update (RFC 1624).
//
// Sums are taken over words as they lie in memory: a one's complement sum commutes with swapping
// the bytes of every word (RFC 1071 section 2B), so the byte order is put right once, at the end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/workloads/netpath/input/bytes.hpp"

namespace getput::bench::netpath {

/// A one's complement sum in progress, in memory order. Add only whole 16-bit words before the
/// last.
using PartialSum = std::uint64_t;

/// @p sum plus the @p size bytes at @p data; an odd last byte counts as padded with a zero.
inline PartialSum add_bytes(PartialSum sum, const std::uint8_t* data, std::size_t size) noexcept {
  for (; size >= 4; data += 4, size -= 4) sum += load_raw<std::uint32_t>(data);
  if (size >= 2) {
    sum += load_raw<std::uint16_t>(data);
    data += 2;
    size -= 2;
  }
  if (size == 1) {
    const std::uint8_t padded[2] = {*data, 0};
    sum += load_raw<std::uint16_t>(padded);
  }
  return sum;
}

/// @p sum plus one host-order 16-bit field.
inline PartialSum add_word(PartialSum sum, std::uint16_t value) noexcept {
  std::uint8_t bytes[2];
  store_be(bytes, value);
  return sum + load_raw<std::uint16_t>(bytes);
}

/// The 16-bit one's complement sum in memory order: 0xffff over data that holds its own checksum.
inline std::uint16_t fold(PartialSum sum) noexcept {
  // 64 bits hold a carry of at most 48 bits; four rounds leave none.
  sum = (sum & 0xffffffffU) + (sum >> 32);
  sum = (sum & 0xffffU) + ((sum >> 16) & 0xffffU) + (sum >> 32);
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// The checksum of @p sum as a host-order number: what store_be() puts into the header field.
inline std::uint16_t checksum(PartialSum sum) noexcept {
  std::uint8_t bytes[2];
  const auto inverted = static_cast<std::uint16_t>(~fold(sum));
  std::memcpy(bytes, &inverted, sizeof(inverted));
  return load_be<std::uint16_t>(bytes);
}

/// True when data whose sum is @p sum, checksum field included, is intact.
inline bool checksum_ok(PartialSum sum) noexcept {
  return fold(sum) == 0xffffU;
}

/// True when the @p size bytes of IPv4 header at @p header carry a right checksum.
inline bool ipv4_header_ok(const std::uint8_t* header, std::size_t size) noexcept {
  return checksum_ok(add_bytes(0, header, size));
}

/// The checksum after one 16-bit field changed from @p before to @p after (RFC 1624, equation 3).
inline std::uint16_t update_checksum(std::uint16_t old, std::uint16_t before,
                                     std::uint16_t after) noexcept {
  std::uint32_t sum = static_cast<std::uint16_t>(~old);
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace getput::bench::netpath
