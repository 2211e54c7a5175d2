// SPDX-License-Identifier: MIT
// Frames for the protocol plug-ins' tests, with checksums computed the slow and obvious way.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "modules/plugin_abi.h"

namespace getput::test {

/// An Ethernet frame with a transport segment behind an IPv4 or IPv6 header of which only the
/// addresses are filled in: the plug-ins read nothing else of it.
class FrameBuilder {
 public:
  explicit FrameBuilder(std::uint8_t family, std::uint8_t protocol,
                        std::vector<std::uint8_t> segment)
      : family_(family), protocol_(protocol), length_(segment.size()) {
    const std::size_t network = family == 6 ? 40 : 20;
    bytes_.assign(14 + network, 0);
    bytes_[12] = family == 6 ? 0x86 : 0x08;
    bytes_[13] = family == 6 ? 0xdd : 0x00;
    for (std::size_t i = 0; i < 2 * address_size(); ++i)
      bytes_[address_at() + i] = static_cast<std::uint8_t>(17 * i + 3);
    bytes_.insert(bytes_.end(), segment.begin(), segment.end());
  }

  /// Writes the checksum over `covered` segment bytes into the segment at `offset`.
  FrameBuilder& seal(std::size_t offset, std::size_t covered) {
    put16(offset, 0);
    const std::uint16_t sum = checksum(covered);
    put16(offset, sum == 0 && protocol_ == 17 ? std::uint16_t{0xffff} : sum);
    return *this;
  }
  FrameBuilder& seal(std::size_t offset) { return seal(offset, length_); }

  void put16(std::size_t offset, std::uint16_t value) {
    segment()[offset] = static_cast<std::uint8_t>(value >> 8);
    segment()[offset + 1] = static_cast<std::uint8_t>(value);
  }

  std::uint8_t* segment() { return bytes_.data() + bytes_.size() - length_; }

  [[nodiscard]] getput_packet packet() const {
    getput_packet pkt{};
    pkt.data = bytes_.data();
    pkt.captured = static_cast<std::uint32_t>(bytes_.size());
    pkt.wire_len = pkt.captured;
    pkt.network_offset = 14;
    pkt.transport_offset = static_cast<std::uint16_t>(bytes_.size() - length_);
    pkt.transport_len = static_cast<std::uint32_t>(length_);
    pkt.src_addr = bytes_.data() + address_at();
    pkt.dst_addr = pkt.src_addr + address_size();
    pkt.family = family_;
    pkt.protocol = protocol_;
    return pkt;
  }

 private:
  [[nodiscard]] std::size_t address_at() const { return 14u + (family_ == 6 ? 8 : 12); }
  [[nodiscard]] std::size_t address_size() const { return family_ == 6 ? 16 : 4; }

  [[nodiscard]] std::uint16_t checksum(std::size_t covered) {
    std::vector<std::uint8_t> all(
        bytes_.begin() + static_cast<std::ptrdiff_t>(address_at()),
        bytes_.begin() + static_cast<std::ptrdiff_t>(address_at() + 2 * address_size()));
    all.insert(all.end(), {0, protocol_, static_cast<std::uint8_t>(covered >> 8),
                           static_cast<std::uint8_t>(covered)});
    all.insert(all.end(), segment(), segment() + covered);
    if (all.size() % 2 != 0)
      all.push_back(0);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < all.size(); i += 2) {
      sum += static_cast<std::uint32_t>(all[i] << 8 | all[i + 1]);
      if (sum > 0xffff)
        sum -= 0xffff;
    }
    return static_cast<std::uint16_t>(~sum);
  }

  std::uint8_t family_;
  std::uint8_t protocol_;
  std::size_t length_;
  std::vector<std::uint8_t> bytes_;
};

/// A UDP datagram with `payload` counted bytes, not yet sealed.
inline FrameBuilder udp_frame(std::uint8_t family, std::size_t payload) {
  std::vector<std::uint8_t> segment = {0x30, 0x39, 0x00, 0x35, 0, 0, 0, 0};
  for (std::size_t i = 0; i < payload; ++i)
    segment.push_back(static_cast<std::uint8_t>(31 * i + 7));
  FrameBuilder frame(family, 17, segment);
  frame.put16(4, static_cast<std::uint16_t>(8 + payload));
  return frame;
}

/// A TCP segment without options, sealed.
inline FrameBuilder tcp_frame(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
                              std::size_t payload, std::uint8_t family = 4) {
  std::vector<std::uint8_t> segment(20 + payload, 0x5a);
  FrameBuilder frame(family, 6, segment);
  frame.put16(0, 80);
  frame.put16(2, 40000);
  frame.put16(4, static_cast<std::uint16_t>(seq >> 16));
  frame.put16(6, static_cast<std::uint16_t>(seq));
  frame.put16(8, static_cast<std::uint16_t>(ack >> 16));
  frame.put16(10, static_cast<std::uint16_t>(ack));
  frame.segment()[12] = 5 << 4;
  frame.segment()[13] = flags;
  frame.put16(14, 1000);
  frame.put16(18, 0);
  return frame.seal(16);
}

}  // namespace getput::test
