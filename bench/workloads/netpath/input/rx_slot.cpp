// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/rx_slot.hpp"

#include "bench/workloads/netpath/input/bytes.hpp"

namespace getput::bench::netpath {

RxSlot make_slot(const Frame& frame, std::uint8_t* data) noexcept {
  RxSlot slot;
  slot.desc = {data, frame.captured, frame.wire, frame.rss};
  slot.checksum_good = frame.checksum == Transport::Checksum::good;
  Packet packet;
  if (parse(data, frame.captured, frame.wire, packet) == DropReason::none) {
    // IPv4: TTL, protocol, checksum. IPv6: payload length, next header, hop limit.
    slot.restore_at = data + packet.ip_offset + (packet.ipv6 ? 4 : 8);
    slot.restore_word = load_raw<std::uint32_t>(slot.restore_at);
  }
  return slot;
}

}  // namespace getput::bench::netpath
