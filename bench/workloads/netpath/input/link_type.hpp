// SPDX-License-Identifier: MIT
// Captures that were not recorded on Ethernet: their frames become Ethernet frames when the file is
// read, so that the timed path has one link layer for every kind of input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace getput::bench::netpath {

/// Gives frames of one link type an Ethernet header.
///
/// The link header is replaced by an Ethernet header with the EtherType that it stands for; what
/// follows it, VLAN tags included, stays as it was captured. Both MAC addresses are made up. What a
/// frame lacks it lacks afterwards: one that the snap length cut inside its link header has no byte
/// captured, and one whose link header was not whole on the wire is a runt.
///
/// Supported (https://www.tcpdump.org/linktypes.html): EN10MB, RAW, IPV4, IPV6, LINUX_SLL,
/// LINUX_SLL2, NULL in either byte order, and LOOP.
class EthernetConverter {
 public:
  /// @p link_type: libpcap's DLT_ number. Throws std::invalid_argument when it is not supported.
  explicit EthernetConverter(int link_type);

  /// The frame of the last convert(); valid until the next one.
  struct View {
    const std::uint8_t* data = nullptr;
    std::uint32_t captured = 0;
    std::uint32_t wire = 0;  ///< as if the Ethernet header had been on the wire; >= captured
  };

  /// @p captured bytes at @p data of a frame that had @p wire >= @p captured bytes.
  View convert(const std::uint8_t* data, std::uint32_t captured, std::uint32_t wire);

  static bool supports(int link_type) noexcept;
  /// The names of what is supported, for messages.
  static std::string supported();

 private:
  int link_type_;
  std::uint32_t header_size_;
  std::vector<std::uint8_t> frame_;
};

}  // namespace getput::bench::netpath
