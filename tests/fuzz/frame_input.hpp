// SPDX-License-Identifier: MIT
// How the bytes of the frame fuzzer describe a frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace getput::fuzz {

using Bytes = std::vector<std::uint8_t>;

/// Five bytes, then the frame as it was captured.
struct FrameInput {
  static constexpr std::size_t kHeader = 5;

  bool repair = false;    ///< give the IPv4 header a right checksum, which chance does not find
  std::uint16_t cut = 0;  ///< bytes that were on the wire and not captured
  std::uint16_t captured = 0;  ///< of a second look at the same frame with fewer bytes captured
  Bytes frame;

  Bytes encode() const {
    Bytes bytes = {static_cast<std::uint8_t>(repair), static_cast<std::uint8_t>(cut & 0xffU),
                   static_cast<std::uint8_t>(cut >> 8U),
                   static_cast<std::uint8_t>(captured & 0xffU),
                   static_cast<std::uint8_t>(captured >> 8U)};
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    return bytes;
  }
  /// @p size is at least kHeader.
  static FrameInput decode(const std::uint8_t* data, std::size_t size) {
    FrameInput input;
    input.repair = (data[0] & 1U) != 0;
    input.cut = static_cast<std::uint16_t>(data[1] | data[2] << 8U);
    input.captured = static_cast<std::uint16_t>(data[3] | data[4] << 8U);
    input.frame.assign(data + kHeader, data + size);
    return input;
  }
};

}  // namespace getput::fuzz
