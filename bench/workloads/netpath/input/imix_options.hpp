// SPDX-License-Identifier: MIT
// What generated traffic looks like, and the text that says so.
#pragma once

#include <cstdint>
#include <string>

namespace getput::bench::netpath {

/// Where the destinations of generated flows lie.
enum class Destinations : std::uint8_t {
  bench,   ///< RFC 2544 and RFC 5180: 198.19.0.0/16, 2001:2:0:2::/64
  spread,  ///< all 222 first octets of classes A to C but 0 and 127, and 2000::/3: nearly every
           ///< flow has a /24 or /64 of its own, as on a transit link
  routed,  ///< addresses of a generated full routing table (objects/prefixes.hpp), which the host
           ///< has then, each prefix as often as any other; IPv6 as in spread
};

/// Numbers without a source here are choices. Measured ones are of a transit link (zipf, ipv6, udp:
/// a capture of 4096 frames published by the Snabb project) and of an operator's traffic mix
/// (close: TRex's SFR templates).
struct ImixOptions {
  std::uint64_t seed = 0x67657470;
  std::uint32_t frames = 32768;
  std::uint32_t flows = 65536;  ///< that the tables know; frames are drawn from all of them
  /// Bytes of every frame with the FCS that no capture holds, so 4 more than in memory: 64 .. 1518,
  /// RFC 2544. 0: the simple IMIX, 7:4:1 of 64, 570 and 1518 bytes, where an IPv6 frame that does
  /// not fit into 64 bytes is as short as it can be.
  std::uint32_t size = 0;
  double zipf = 0.94;        ///< popularity of the n-th flow ~ n^-zipf; 0: all alike
  double ipv6_share = 0.04;  ///< of the flows
  double udp_share = 0.2;    ///< of the flows; the others are TCP
  /// TCP connections that end, and so many that begin, per frame of any kind: one in 52.7, as often
  /// as flows of any kind begin in that mix. Fewer where most flows have a single frame in the
  /// input, which cannot be both ends of a connection.
  double close_share = 1 / 52.7;
  Destinations destinations = Destinations::bench;

  friend bool operator==(const ImixOptions&, const ImixOptions&) = default;
};

/// Reads "KIND[,KEY=VALUE]...". KIND is imix, or fixed for frames of one size (size=64 unless it
/// says otherwise). Keys: close, flows, frames, ipv6, seed, size, udp, zipf as above, and to=bench,
/// to=spread or to=routed. Frames that are too short for IPv6 (size below 78) have ipv6=0 unless it
/// is given. Throws RequestError, one line: what is wrong and what is known.
ImixOptions parse_traffic(const std::string& text);

/// The shortest text that parse_traffic() reads as @p options, which are valid.
std::string name_of(const ImixOptions& options);

/// Why nothing can be generated from @p options, in one line; "" when it can.
std::string problem_of(const ImixOptions& options);

}  // namespace getput::bench::netpath
