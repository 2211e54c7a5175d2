// SPDX-License-Identifier: MIT
// Writes the frames of a generated flow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bench/workloads/netpath/input/packet.hpp"

namespace getput::bench::netpath {

/// One direction of a flow between its frames.
struct GeneratedFlow {
  FlowKey key;
  bool ipv6 = false;
  std::uint32_t sequence = 0;  ///< TCP: of the next segment
  bool ended = false;          ///< TCP: the last segment carried FIN

  bool tcp() const noexcept { return key.protocol == protocol::kTcp; }
  /// Ethernet, network and transport header: the shortest frame.
  std::size_t headers() const noexcept {
    return std::size_t{14} + (ipv6 ? 40U : 20U) + (tcp() ? 20U : 8U);
  }
};

/// Fills @p frame, at least flow.headers() bytes, with the next frame of @p flow: right checksums,
/// zero payload, sequence numbers that go on. The first TCP segment after one with FIN carries SYN,
/// and payload as the others do: the frame sizes are those that were asked for. Its number is above
/// all of the connection before (RFC 9293, 3.4.3).
/// @param closes this is the connection's last segment; for a flow that is TCP and has not ended
void write_frame(std::span<std::uint8_t> frame, GeneratedFlow& flow, bool closes);

}  // namespace getput::bench::netpath
