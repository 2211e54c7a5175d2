// SPDX-License-Identifier: MIT
// udp: receives UDP datagrams (RFC 768; RFC 8200 section 8.1 for IPv6).
//
// rcv checks the length field against the network layer's, verifies the checksum with the pseudo
// header when the capture has all of it, and counts for the core and for the socket. Limits: no
// UDP-Lite, no jumbograms, no zero-checksum tunnels over IPv6 (RFC 6935).
#include "modules/plugins/wire.hpp"

namespace {

using namespace getput::plugins;

constexpr std::uint32_t kHeader = 8;
constexpr std::uint32_t kLengthAt = 4;
constexpr std::uint32_t kChecksumAt = 6;
constexpr std::uint8_t kProtocol = 17;

getput_verdict refuse(getput_verdict why, getput_core_stats* stats) {
  ++stats->udp_in_errors;
  return why;
}

getput_verdict demux(const getput_packet* pkt, getput_ports* ports) {
  const getput_verdict verdict = check_header(*pkt, kHeader);
  if (verdict != GETPUT_OK) [[unlikely]]
    return verdict;
  const std::uint8_t* header = pkt->data + pkt->transport_offset;
  ports->src = read16(header);
  ports->dst = read16(header + 2);
  return GETPUT_OK;
}

// Absent (zero) is allowed over IPv4 only. Counts what it lets pass without a look.
getput_verdict check_sum(const getput_packet& pkt, std::uint32_t length, getput_core_stats* stats) {
  if (read16(pkt.data + pkt.transport_offset + kChecksumAt) == 0) {
    if (pkt.family == 6)
      return GETPUT_DROP_NO_CHECKSUM;
    ++stats->udp_csum_absent;
    return GETPUT_OK;
  }
  const Checksum judged = judge_checksum(pkt, length);
  if (judged == Checksum::bad) [[unlikely]] {
    ++stats->udp_csum_errors;
    return GETPUT_DROP_BAD_CHECKSUM;
  }
  stats->csum_unverified += judged == Checksum::unverified ? 1u : 0u;
  return GETPUT_OK;
}

getput_verdict rcv(const getput_packet* pkt, getput_socket* socket, getput_core_stats* stats) {
  getput_verdict verdict = check_header(*pkt, kHeader);
  if (verdict != GETPUT_OK) [[unlikely]]
    return refuse(verdict, stats);
  const std::uint32_t length = read16(pkt->data + pkt->transport_offset + kLengthAt);
  if (length < kHeader || length > pkt->transport_len) [[unlikely]]
    return refuse(GETPUT_DROP_BAD_LENGTH, stats);
  verdict = check_sum(*pkt, length, stats);
  if (verdict != GETPUT_OK) [[unlikely]]
    return refuse(verdict, stats);
  ++stats->udp_in_datagrams;
  stats->udp_in_bytes += length - kHeader;
  if (socket != nullptr) {
    ++socket->packets;
    socket->bytes += length - kHeader;
  }
  return GETPUT_OK;
}

void leave() {
}

constexpr getput_transport_ops kOps = {kProtocol, demux, rcv};

}  // namespace

extern "C" GETPUT_EXPORT const getput_module getput_module;
const struct getput_module getput_module = {
    .magic = GETPUT_MODULE_MAGIC,
    .abi_version = GETPUT_ABI_VERSION,
    .struct_size = sizeof(struct getput_module),
    .reserved = 0,
    .name = "udp",
    .summary = "UDP receive side",
    .depends = nullptr,
    .symbols = nullptr,
    .init = no_params,
    .exit = leave,
    .link = nullptr,
    .transport = &kOps,
};
