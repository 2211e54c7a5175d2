// SPDX-License-Identifier: MIT
// What the plug-ins share: reading the wire, and the Internet checksum (RFC 1071). Header-only and
// without a static object, so that a plug-in that includes it can still be unmapped.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "modules/plugin_abi.h"

namespace getput::plugins {

inline std::uint16_t read16(const std::uint8_t* at) noexcept {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

inline std::uint32_t read32(const std::uint8_t* at) noexcept {
  return static_cast<std::uint32_t>(read16(at)) << 16 | read16(at + 2);
}

/// Adds `length` bytes to a one's complement sum of native 32-bit words. One's complement sums do
/// not depend on byte order up to a final swap, and the only sum compared with here, all ones, is
/// its own swap. 64 bits hold the carries of 2^32 words. All pieces but the last have even length.
inline std::uint64_t add_to_sum(std::uint64_t sum, const std::uint8_t* at,
                                std::size_t length) noexcept {
  while (length >= sizeof(std::uint32_t)) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    sum += word;
    at += sizeof word;
    length -= sizeof word;
  }
  std::uint8_t rest[sizeof(std::uint32_t)] = {};
  for (std::size_t i = 0; i < length; ++i) rest[i] = at[i];
  std::uint32_t last;
  std::memcpy(&last, rest, sizeof last);
  return sum + last;
}

/// The sum of a correct segment with its checksum field and pseudo header folds to all ones.
inline bool sum_is_good(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffu) + (sum >> 16);
  sum = (sum & 0xffffu) + (sum >> 16);
  return sum == 0xffffu;
}

/// Checksum of the `length` transport bytes of pkt with the pseudo header of RFC 768, 9293, 8200.
inline bool transport_checksum_good(const getput_packet& pkt, std::uint32_t length) noexcept {
  const std::size_t address = pkt.family == 6 ? 16 : 4;
  std::uint64_t sum = add_to_sum(0, pkt.src_addr, address);
  sum = add_to_sum(sum, pkt.dst_addr, address);
  const std::uint8_t tail[8] = {static_cast<std::uint8_t>(length >> 24),
                                static_cast<std::uint8_t>(length >> 16),
                                static_cast<std::uint8_t>(length >> 8),
                                static_cast<std::uint8_t>(length),
                                0,
                                0,
                                0,
                                pkt.protocol};
  sum = add_to_sum(sum, tail, sizeof tail);
  return sum_is_good(add_to_sum(sum, pkt.data + pkt.transport_offset, length));
}

/// Can the first `needed` bytes of the transport header be read, and does the packet claim them?
inline getput_verdict check_header(const getput_packet& pkt, std::uint32_t needed) noexcept {
  if ((pkt.flags & GETPUT_PKT_FRAGMENT) != 0)
    return GETPUT_DROP_FRAGMENT;
  if (pkt.transport_len < needed)
    return GETPUT_DROP_BAD_LENGTH;
  if (pkt.transport_offset > pkt.captured || pkt.captured - pkt.transport_offset < needed)
    return GETPUT_DROP_HEADER_TRUNCATED;
  return GETPUT_OK;
}

enum class Checksum : std::uint8_t { good, bad, unverified };

inline Checksum judge_checksum(const getput_packet& pkt, std::uint32_t length) noexcept {
  if ((pkt.flags & GETPUT_PKT_CSUM_UNNECESSARY) != 0)
    return Checksum::good;
  if (pkt.captured - pkt.transport_offset < length)
    return Checksum::unverified;
  return transport_checksum_good(pkt, length) ? Checksum::good : Checksum::bad;
}

/// init() of a plug-in without parameters: a mistyped one must not pass unseen.
inline int no_params(const char* params) noexcept {
  return *params == '\0' ? 0 : -EINVAL;
}

}  // namespace getput::plugins
