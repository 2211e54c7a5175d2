// SPDX-License-Identifier: MIT
// Frames for tests, byte by byte, with a checksum written down independently of the code under
// test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "bench/workloads/netpath/input/frames.hpp"

namespace getput::bench::netpath::testing {

using Bytes = std::vector<std::uint8_t>;

inline void put16(Bytes& bytes, std::size_t at, unsigned value) {
  bytes.at(at) = static_cast<std::uint8_t>(value >> 8U);
  bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}
inline void put32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  put16(bytes, at, value >> 16U);
  put16(bytes, at + 2, value & 0xffffU);
}

/// RFC 1071 by the letter: 16-bit words in network order, end-around carry, complement.
inline unsigned slow_checksum(const Bytes& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const unsigned low = i + 1 < bytes.size() ? bytes[i + 1] : 0U;
    sum += (static_cast<unsigned>(bytes[i]) << 8U) | low;
    if (sum > 0xffffU)
      sum -= 0xffffU;
  }
  return ~sum & 0xffffU;
}

struct FrameSpec {
  unsigned vlan_tags = 0;
  bool ipv6 = false;
  std::uint32_t source = 0xc6120001;  // last 32 bits of the address
  std::uint32_t destination = 0xc6130001;
  std::uint8_t protocol = 17;
  std::uint8_t hop_limit = 64;
  unsigned fragment_field = 0x4000;  // IPv4 flags and offset
  std::uint16_t source_port = 1000;
  std::uint16_t destination_port = 53;
  std::uint8_t tcp_flags = 0x10;
  std::size_t payload = 26;
  Bytes extensions;                  // IPv6: bytes between the fixed header and the transport
  std::uint8_t first_extension = 0;  // next header of the fixed header when there are any
};

inline std::size_t ip_at(const FrameSpec& spec) {
  return 14 + 4 * std::size_t{spec.vlan_tags};
}
inline std::size_t l4_at(const FrameSpec& spec) {
  return ip_at(spec) + (spec.ipv6 ? 40 + spec.extensions.size() : 20);
}

inline Bytes transport_bytes(const FrameSpec& spec) {
  const bool tcp = spec.protocol == 6;
  const bool udp = spec.protocol == 17;
  Bytes l4((tcp ? 20U : 8U) + spec.payload);
  for (std::size_t i = 0; i < l4.size(); ++i) l4[i] = static_cast<std::uint8_t>(i * 7 + 1);
  if (!tcp && !udp)
    return l4;
  put16(l4, 0, spec.source_port);
  put16(l4, 2, spec.destination_port);
  if (tcp) {
    l4[12] = 0x50;
    l4[13] = spec.tcp_flags;
    put16(l4, 16, 0);
  } else {
    put16(l4, 4, static_cast<unsigned>(l4.size()));
    put16(l4, 6, 0);
  }
  return l4;
}

inline void put_addresses(Bytes& bytes, std::size_t at, const FrameSpec& spec) {
  if (!spec.ipv6) {
    put32(bytes, at, spec.source);
    put32(bytes, at + 4, spec.destination);
    return;
  }
  put32(bytes, at, 0x20010002);
  put32(bytes, at + 12, spec.source);
  put32(bytes, at + 16, 0x20010002);
  put32(bytes, at + 28, spec.destination);
}

/// An Ethernet frame with right checksums.
inline Bytes make_frame(const FrameSpec& spec) {
  Bytes l4 = transport_bytes(spec);
  if (spec.protocol == 6 || spec.protocol == 17) {
    Bytes pseudo(spec.ipv6 ? 32 : 8);
    put_addresses(pseudo, 0, spec);
    pseudo.insert(pseudo.end(), {0, spec.protocol, 0, 0});
    put16(pseudo, pseudo.size() - 2, static_cast<unsigned>(l4.size()));
    pseudo.insert(pseudo.end(), l4.begin(), l4.end());
    unsigned sum = slow_checksum(pseudo);
    if (spec.protocol == 17 && sum == 0)
      sum = 0xffff;
    put16(l4, spec.protocol == 6 ? 16 : 6, sum);
  }
  Bytes frame(l4_at(spec));
  frame[0] = 0x02;
  frame[5] = 2;
  frame[6] = 0x02;
  frame[11] = 1;
  std::size_t at = 12;
  for (unsigned tag = 0; tag < spec.vlan_tags; ++tag, at += 4) {
    put16(frame, at, tag + 1 < spec.vlan_tags ? 0x88a8 : 0x8100);
    put16(frame, at + 2, 100 + tag);
  }
  put16(frame, at, spec.ipv6 ? 0x86dd : 0x0800);
  const std::size_t ip = ip_at(spec);
  if (spec.ipv6) {
    frame[ip] = 0x60;
    put16(frame, ip + 4, static_cast<unsigned>(l4.size() + spec.extensions.size()));
    frame[ip + 6] = spec.extensions.empty() ? spec.protocol : spec.first_extension;
    frame[ip + 7] = spec.hop_limit;
    put_addresses(frame, ip + 8, spec);
    std::copy(spec.extensions.begin(), spec.extensions.end(),
              frame.begin() + static_cast<std::ptrdiff_t>(ip + 40));
  } else {
    frame[ip] = 0x45;
    put16(frame, ip + 2, static_cast<unsigned>(20 + l4.size()));
    put16(frame, ip + 6, spec.fragment_field);
    frame[ip + 8] = spec.hop_limit;
    frame[ip + 9] = spec.protocol;
    put_addresses(frame, ip + 12, spec);
    const Bytes header(frame.begin() + static_cast<std::ptrdiff_t>(ip), frame.end());
    put16(frame, ip + 10, slow_checksum(header));
  }
  frame.insert(frame.end(), l4.begin(), l4.end());
  return frame;
}

/// Writes the right IPv4 header checksum after a test changed a field.
inline void fix_ipv4_checksum(Bytes& frame, std::size_t ip = 14) {
  put16(frame, ip + 10, 0);
  const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(ip);
  put16(frame, ip + 10, slow_checksum(Bytes(begin, begin + 4 * (frame.at(ip) & 0x0f))));
}

inline void add(FrameSet& frames, const Bytes& frame, std::size_t cut = 0) {
  frames.add(frame.data(), static_cast<std::uint32_t>(frame.size() - cut),
             static_cast<std::uint32_t>(frame.size()));
}

}  // namespace getput::bench::netpath::testing
