// SPDX-License-Identifier: MIT
// The input: frames as they came off the wire, in one piece of memory, with what a network card
// would tell the host about each (RSS hash, transport checksum verdict).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/workloads/netpath/input/imix_options.hpp"
#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/prefixes.hpp"

namespace getput::bench::netpath {

/// The largest input: what a capture may hold, and what is generated.
inline constexpr std::uint64_t kMostInputBytes = std::uint64_t{1} << 30;

/// One frame of a FrameSet.
struct Frame {
  std::size_t offset = 0;      ///< into FrameSet::bytes()
  std::uint32_t captured = 0;  ///< bytes present
  std::uint32_t wire = 0;      ///< bytes it had on the wire, without FCS; >= captured
  std::uint32_t rss = 0;       ///< 0 for frames that are not IP
  Transport::Checksum checksum = Transport::Checksum::not_checked;
};

/// What the input holds, for the results.
struct InputSummary {
  std::string link_type = "EN10MB";  ///< libpcap's name of what was recorded
  std::uint64_t frames = 0;
  std::uint64_t wire_bytes = 0;      ///< from the Ethernet header on, for every link type
  std::uint64_t captured_bytes = 0;  ///< likewise
  std::uint64_t cut_short = 0;       ///< frames whose end the snap length cut
  std::uint64_t not_usable = 0;      ///< frames that parse() refuses: not IP, damaged, ...
  std::uint64_t ipv4 = 0;
  std::uint64_t ipv6 = 0;
  std::uint64_t udp = 0;
  std::uint64_t tcp = 0;
  std::uint64_t flows = 0;  ///< distinct 5-tuples, idle ones included
};

/// A flow that the tables know before the first frame comes.
struct KnownFlow {
  FlowKey key;
  std::uint8_t traffic_class = 0;
  bool has_ports = false;
};

class FrameSet {
 public:
  /// @p link_type: of the frames before they became the Ethernet frames that add() takes.
  explicit FrameSet(std::string name, std::string link_type = "EN10MB") : name_(std::move(name)) {
    summary_.link_type = std::move(link_type);
  }

  /// Appends a frame of @p captured bytes that had @p wire bytes on the wire.
  void add(const std::uint8_t* data, std::uint32_t captured, std::uint32_t wire);
  /// Adds a flow that is open but of which no frame need be in the input.
  void add_idle_flow(const FlowKey& key) { flows_.push_back({key, 0, true}); }
  /// Gives back what growing reserved, and finds the flows. Call once, when all frames are in.
  void finish();
  /// The routing table that the destinations were drawn from.
  void set_routes(std::vector<RoutePrefix> routes) { routes_ = std::move(routes); }

  const std::string& name() const noexcept { return name_; }
  const std::vector<Frame>& frames() const noexcept { return frames_; }
  const std::uint8_t* data(const Frame& frame) const noexcept {
    return bytes_.data() + frame.offset;
  }
  /// Each flow and traffic class once.
  const std::vector<KnownFlow>& flows() const noexcept { return flows_; }
  /// Routes that the host is to have besides those to the networks of the flows; may be empty.
  const std::vector<RoutePrefix>& routes() const noexcept { return routes_; }
  const InputSummary& summary() const noexcept { return summary_; }

 private:
  std::string name_;
  std::vector<std::uint8_t> bytes_;
  std::vector<Frame> frames_;
  std::vector<KnownFlow> flows_;
  std::vector<RoutePrefix> routes_;
  InputSummary summary_;
};

using Input = std::shared_ptr<const FrameSet>;

/// Reads a capture file with libpcap: pcap or pcapng. Frames of the link types RAW, IPV4, IPV6,
/// LINUX_SLL, LINUX_SLL2, NULL and LOOP become Ethernet frames here, untimed, so that every frame
/// set holds Ethernet frames alone; InputSummary::link_type says what was recorded.
///
/// Throws RequestError, naming the file, what was read so far and the remedy: missing, empty, not a
/// capture, cut off in the middle, another link type, interfaces of different link types, no frame
/// in it, or more than 1 GiB of frames.
Input read_capture(const std::string& path);

/// Generates Ethernet frames with right checksums. Sources lie in 198.18.0.0/16 and
/// 2001:2:0:1::/64, destinations where @p options say. The same options give the same bytes
/// everywhere; a frame may belong to another flow only where the C library's pow() differs in its
/// last bit. Throws std::invalid_argument with problem_of(options).
Input generate_imix(const ImixOptions& options = {});

/// The input of this process for a capture path, or the generated traffic for an empty one; read or
/// made once.
Input input_for(const std::string& pcap, const std::string& traffic = {});

}  // namespace getput::bench::netpath
