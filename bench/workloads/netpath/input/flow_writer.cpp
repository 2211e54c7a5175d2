// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/flow_writer.hpp"

#include <algorithm>
#include <array>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/checksum.hpp"
#include "bench/workloads/netpath/input/ethernet.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::size_t kEthernet = 14;

void write_ethernet(std::uint8_t* frame, bool ipv6) {
  // Locally administered addresses: the generator and the device under test.
  constexpr std::array<std::uint8_t, 12> kMacs = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
  std::copy(kMacs.begin(), kMacs.end(), frame);
  store_be<std::uint16_t>(frame + 12, ipv6 ? kTypeIpv6 : kTypeIpv4);
}

/// Writes the network header and returns the sum of the pseudo header's addresses.
PartialSum write_network(std::uint8_t* ip, const GeneratedFlow& flow, std::size_t l4_size) {
  const FlowKey& key = flow.key;
  if (flow.ipv6) {
    ip[0] = 0x60;
    store_be(ip + 4, static_cast<std::uint16_t>(l4_size));
    ip[6] = key.protocol;
    ip[7] = 64;
    store_be(ip + 8, key.source.high);
    store_be(ip + 16, key.source.low);
    store_be(ip + 24, key.destination.high);
    store_be(ip + 32, key.destination.low);
    return add_bytes(0, ip + 8, 32);
  }
  ip[0] = 0x45;
  store_be(ip + 2, static_cast<std::uint16_t>(20 + l4_size));
  store_be<std::uint16_t>(ip + 6, 0x4000);  // don't fragment
  ip[8] = 64;
  ip[9] = key.protocol;
  store_be(ip + 12, static_cast<std::uint32_t>(key.source.low));
  store_be(ip + 16, static_cast<std::uint32_t>(key.destination.low));
  store_be(ip + 10, checksum(add_bytes(0, ip, 20)));
  return add_bytes(0, ip + 12, 8);
}

void write_tcp(std::uint8_t* l4, std::size_t size, GeneratedFlow& flow, bool closes) {
  constexpr std::uint8_t kFin = 0x01;
  constexpr std::uint8_t kSyn = 0x02;
  constexpr std::uint8_t kAck = 0x10;
  const bool opens = flow.ended;
  store_be(l4 + 4, flow.sequence);
  store_be<std::uint32_t>(l4 + 8, opens ? 0 : 1);
  l4[12] = 0x50;
  l4[13] = opens ? kSyn : closes ? kAck | kFin : kAck;
  store_be<std::uint16_t>(l4 + 14, 65535);
  flow.sequence += static_cast<std::uint32_t>(size - 20) + (opens || closes ? 1 : 0);
  flow.ended = closes;
}

}  // namespace

void write_frame(std::span<std::uint8_t> frame, GeneratedFlow& flow, bool closes) {
  const std::size_t network = flow.ipv6 ? 40 : 20;
  const std::size_t size = frame.size() - kEthernet - network;
  std::uint8_t* l4 = frame.data() + kEthernet + network;
  std::fill(frame.begin(), frame.end(), std::uint8_t{0});
  write_ethernet(frame.data(), flow.ipv6);
  const PartialSum pseudo = write_network(frame.data() + kEthernet, flow, size);
  store_be(l4, flow.key.source_port);
  store_be(l4 + 2, flow.key.destination_port);
  if (flow.tcp())
    write_tcp(l4, size, flow, closes);
  else
    store_be(l4 + 4, static_cast<std::uint16_t>(size));
  PartialSum sum = add_word(pseudo, flow.key.protocol);
  sum = add_word(sum, static_cast<std::uint16_t>(size));
  std::uint16_t value = checksum(add_bytes(sum, l4, size));
  if (!flow.tcp() && value == 0)
    value = 0xffff;  // 0 would say "no checksum" (RFC 768)
  store_be(l4 + (flow.tcp() ? 16 : 6), value);
}

}  // namespace getput::bench::netpath
