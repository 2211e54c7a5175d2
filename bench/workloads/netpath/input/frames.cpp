// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/frames.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "bench/workloads/netpath/input/rss.hpp"

namespace getput::bench::netpath {

void FrameSet::add(const std::uint8_t* data, std::uint32_t captured, std::uint32_t wire) {
  Frame frame;
  frame.offset = bytes_.size();
  frame.captured = captured;
  frame.wire = wire;
  Packet packet;
  ++summary_.frames;
  summary_.wire_bytes += wire;
  summary_.captured_bytes += captured;
  summary_.cut_short += captured < wire ? 1 : 0;
  if (parse(data, captured, wire, packet) == DropReason::none) {
    const Transport transport = inspect_transport(data, captured, packet);
    frame.rss = rss_hash(packet, transport);
    frame.checksum = transport.checksum;
    ++(packet.ipv6 ? summary_.ipv6 : summary_.ipv4);
    summary_.udp += packet.protocol == protocol::kUdp ? 1 : 0;
    summary_.tcp += packet.protocol == protocol::kTcp ? 1 : 0;
  } else {
    ++summary_.not_usable;
  }
  bytes_.insert(bytes_.end(), data, data + captured);
  frames_.push_back(frame);
}

void FrameSet::finish() {
  bytes_.shrink_to_fit();
  frames_.shrink_to_fit();
  for (const Frame& frame : frames_) {
    Packet packet;
    if (parse(data(frame), frame.captured, frame.wire, packet) != DropReason::none)
      continue;
    const Transport transport = inspect_transport(data(frame), frame.captured, packet);
    flows_.push_back({{packet.source, packet.destination, transport.source_port,
                       transport.destination_port, packet.protocol},
                      packet.traffic_class,
                      transport.has_ports});
  }
  const auto value = [](const KnownFlow& flow) {
    const FlowKey& key = flow.key;
    return std::tuple(key.source.high, key.source.low, key.destination.high, key.destination.low,
                      key.source_port, key.destination_port, key.protocol, flow.traffic_class,
                      flow.has_ports);
  };
  std::sort(flows_.begin(), flows_.end(),
            [&](const KnownFlow& a, const KnownFlow& b) { return value(a) < value(b); });
  const auto same = [&](const KnownFlow& a, const KnownFlow& b) { return value(a) == value(b); };
  flows_.erase(std::unique(flows_.begin(), flows_.end(), same), flows_.end());
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    if (i == 0 || !(flows_[i].key == flows_[i - 1].key))
      ++distinct;
  }
  summary_.flows = distinct;
}

Input input_for(const std::string& pcap, const std::string& traffic) {
  static std::mutex mutex;
  static std::map<std::string, Input> inputs;
  const std::lock_guard lock(mutex);
  Input& input = inputs[pcap.empty() ? traffic : "file " + pcap];
  if (!input) {
    if (!pcap.empty())
      input = read_capture(pcap);
    else
      input = generate_imix(traffic.empty() ? ImixOptions{} : parse_traffic(traffic));
  }
  return input;
}

}  // namespace getput::bench::netpath
