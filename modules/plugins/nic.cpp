// SPDX-License-Identifier: MIT
// nic: a link driver for Ethernet frames that lie in memory.
//
// rx does what a driver does between the descriptor and the stack: length checks, packet head,
// Ethernet type, classification of the destination. xmit copies the neighbour's header into the
// descriptor, as hardware with inline headers takes it, and refers to the rest of the frame; no
// byte of a received frame is written. There is no wire: a posted descriptor counts as sent.
#include "modules/plugins/wire.hpp"

namespace {

using namespace getput::plugins;

constexpr std::uint32_t kEthernetHeader = 14;
constexpr std::size_t kMac = 6;
constexpr std::uint16_t kMinEtherType = 0x600;  // below: an IEEE 802.3 length
constexpr std::uint8_t kBroadcast[kMac] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

std::uint8_t classify(const getput_netdev& dev, const std::uint8_t* destination) {
  if (std::memcmp(destination, dev.mac, kMac) == 0)
    return GETPUT_TO_HOST;
  if ((destination[0] & 1) == 0)
    return GETPUT_TO_OTHER;
  return std::memcmp(destination, kBroadcast, kMac) == 0 ? GETPUT_TO_BROADCAST
                                                         : GETPUT_TO_MULTICAST;
}

getput_verdict check_frame(const getput_netdev& dev, const getput_rx_desc& desc) {
  if (desc.wire_len < kEthernetHeader || desc.wire_len < desc.captured)
    return GETPUT_DROP_RUNT;
  if (desc.captured < kEthernetHeader)
    return GETPUT_DROP_HEADER_TRUNCATED;  // the wire had it, the capture has not
  if (dev.max_frame != 0 && desc.wire_len > dev.max_frame)
    return GETPUT_DROP_TOO_LONG;
  return GETPUT_OK;
}

getput_verdict rx(const getput_netdev* dev, const getput_rx_desc* desc, getput_packet* pkt,
                  getput_core_stats* stats) {
  const getput_verdict verdict = check_frame(*dev, *desc);
  if (verdict != GETPUT_OK) [[unlikely]] {
    ++stats->rx_errors;
    return verdict;
  }
  const std::uint16_t type = read16(desc->data + 2 * kMac);
  *pkt = {};
  pkt->data = desc->data;
  pkt->captured = desc->captured;
  pkt->wire_len = desc->wire_len;
  pkt->rss = desc->rss;
  pkt->ifindex = dev->ifindex;
  pkt->ether_type = type >= kMinEtherType ? type : std::uint16_t{0};
  pkt->packet_type = classify(*dev, desc->data);
  pkt->network_offset = kEthernetHeader;
  ++stats->rx_packets;
  stats->rx_bytes += desc->wire_len;
  ++stats->rx_by_type[pkt->packet_type];
  return GETPUT_OK;
}

getput_verdict xmit(const getput_netdev* dev, const getput_packet* pkt,
                    const getput_link_header* neighbour, getput_tx_ring* ring, void* cookie,
                    getput_core_stats* stats) {
  if (neighbour->length > GETPUT_LINK_HEADER_MAX || pkt->network_offset > pkt->captured)
    return GETPUT_DROP_BAD_HEADER;
  const std::uint32_t wire_len = neighbour->length + (pkt->wire_len - pkt->network_offset);
  if (dev->max_frame != 0 && wire_len > dev->max_frame)
    return GETPUT_DROP_TOO_LONG;
  if (ring->head - ring->tail > ring->mask) {
    ++stats->tx_busy;
    return GETPUT_DROP_TX_BUSY;
  }
  getput_tx_desc& slot = ring->slots[ring->head & ring->mask];
  // The whole area, not the length: a copy of constant size is two stores.
  std::memcpy(slot.header, neighbour->bytes, GETPUT_LINK_HEADER_MAX);
  slot.header_len = neighbour->length;
  slot.payload = pkt->data + pkt->network_offset;
  slot.payload_len = pkt->captured - pkt->network_offset;
  slot.cookie = cookie;
  ++ring->head;
  ++stats->tx_packets;
  stats->tx_bytes += wire_len;
  return GETPUT_OK;
}

std::uint32_t clean(const getput_netdev* /*dev*/, getput_tx_ring* ring, void** cookies,
                    std::uint32_t budget, getput_core_stats* stats) {
  std::uint32_t done = 0;
  while (done < budget && ring->tail != ring->head) {
    cookies[done++] = ring->slots[ring->tail & ring->mask].cookie;
    ++ring->tail;
  }
  stats->tx_completed += done;
  return done;
}

void leave() {
}

constexpr getput_link_ops kOps = {rx, xmit, clean};

}  // namespace

extern "C" GETPUT_EXPORT const getput_module getput_module;
const struct getput_module getput_module = {
    .magic = GETPUT_MODULE_MAGIC,
    .abi_version = GETPUT_ABI_VERSION,
    .struct_size = sizeof(struct getput_module),
    .reserved = 0,
    .name = "nic",
    .summary = "Ethernet link driver over frames in memory",
    .depends = nullptr,
    .symbols = nullptr,
    .init = no_params,
    .exit = leave,
    .link = &kOps,
    .transport = nullptr,
};
