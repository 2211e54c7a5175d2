// SPDX-License-Identifier: MIT
// tcp: receives TCP segments (RFC 9293).
//
// rcv checks header length and flags, verifies the checksum with the pseudo header when the capture
// has all of it, and keeps one direction of a connection: the highest sequence number received,
// gaps, repetitions, acknowledgements, window, SYN, FIN and RST. Limits: no reassembly queue, so a
// segment behind a gap moves rcv_nxt to its end and a late one counts as a repetition; a flow first
// seen in the middle begins with its first segment; options are skipped.
#include "modules/plugins/wire.hpp"

namespace {

using namespace getput::plugins;

constexpr std::uint32_t kHeader = 20;
constexpr std::uint8_t kProtocol = 6;
constexpr std::uint8_t kFin = 1;
constexpr std::uint8_t kSyn = 2;
constexpr std::uint8_t kRst = 4;
constexpr std::uint8_t kAck = 16;

struct Segment {
  std::uint32_t seq;
  std::uint32_t ack;
  std::uint32_t payload;
  std::uint16_t window;
  std::uint8_t flags;

  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
  // SYN and FIN take one sequence number each.
  [[nodiscard]] std::uint32_t span() const noexcept {
    return payload + (has(kSyn) ? 1u : 0u) + (has(kFin) ? 1u : 0u);
  }
};

// a < b in sequence space, which wraps.
bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
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

getput_verdict parse(const getput_packet& pkt, Segment& segment) {
  const getput_verdict verdict = check_header(pkt, kHeader);
  if (verdict != GETPUT_OK) [[unlikely]]
    return verdict;
  const std::uint8_t* header = pkt.data + pkt.transport_offset;
  const std::uint32_t header_len = static_cast<std::uint32_t>(header[12] >> 4) * 4;
  if (header_len < kHeader || header_len > pkt.transport_len) [[unlikely]]
    return GETPUT_DROP_BAD_HEADER;
  segment = {read32(header + 4), read32(header + 8), pkt.transport_len - header_len,
             read16(header + 14), header[13]};
  // Nobody opens a connection and ends it in one segment.
  if (segment.has(kSyn) && (segment.has(kFin) || segment.has(kRst))) [[unlikely]]
    return GETPUT_DROP_BAD_HEADER;
  return GETPUT_OK;
}

void add_state(getput_socket& socket, getput_tcp_state state) {
  socket.tcp_state = static_cast<std::uint8_t>(socket.tcp_state | state);
}

void receive_sequence(const Segment& segment, getput_socket& socket) {
  const std::uint32_t end = segment.seq + segment.span();
  if (segment.has(kSyn) || (socket.tcp_state & GETPUT_TCP_SYNCHRONIZED) == 0) {
    // A SYN on a known socket opens the next connection of the same pair of addresses.
    if (segment.has(kSyn) && socket.rcv_nxt == end && (socket.tcp_state & GETPUT_TCP_SYN_SEEN) != 0)
      ++socket.duplicates;
    socket.rcv_nxt = end;
    socket.tcp_state = GETPUT_TCP_SYNCHRONIZED;
    if (segment.has(kSyn))
      add_state(socket, GETPUT_TCP_SYN_SEEN);
  } else if (before(socket.rcv_nxt, segment.seq)) {
    ++socket.gaps;
    socket.rcv_nxt = end;
  } else if (before(socket.rcv_nxt, end)) {
    socket.rcv_nxt = end;
  } else if (segment.span() != 0) {
    ++socket.duplicates;
  }
}

void receive_ack(const Segment& segment, getput_socket& socket, bool first) {
  if (!segment.has(kAck))
    return;
  if (first || before(socket.last_ack, segment.ack))
    socket.last_ack = segment.ack;
  else if (segment.ack == socket.last_ack && segment.span() == 0 && segment.window == socket.window)
    ++socket.dup_acks;
}

void receive(const Segment& segment, getput_socket& socket) {
  const bool first = segment.has(kSyn) || (socket.tcp_state & GETPUT_TCP_SYNCHRONIZED) == 0;
  ++socket.packets;
  socket.bytes += segment.payload;
  if (segment.has(kRst)) {
    add_state(socket, GETPUT_TCP_RESET);
    return;
  }
  receive_sequence(segment, socket);
  receive_ack(segment, socket, first);
  socket.window = segment.window;
  if (segment.has(kFin))
    add_state(socket, GETPUT_TCP_FIN_SEEN);
}

void count(const Segment& segment, getput_core_stats& stats) {
  ++stats.tcp_in_segs;
  stats.tcp_in_bytes += segment.payload;
  stats.tcp_syn += segment.has(kSyn) ? 1u : 0u;
  stats.tcp_fin += segment.has(kFin) ? 1u : 0u;
  stats.tcp_rst += segment.has(kRst) ? 1u : 0u;
}

getput_verdict rcv(const getput_packet* pkt, getput_socket* socket, getput_core_stats* stats) {
  Segment segment{};
  const getput_verdict verdict = parse(*pkt, segment);
  if (verdict != GETPUT_OK) [[unlikely]] {
    ++stats->tcp_in_errors;
    return verdict;
  }
  const Checksum judged = judge_checksum(*pkt, pkt->transport_len);
  if (judged == Checksum::bad) [[unlikely]] {
    ++stats->tcp_csum_errors;
    ++stats->tcp_in_errors;
    return GETPUT_DROP_BAD_CHECKSUM;
  }
  stats->csum_unverified += judged == Checksum::unverified ? 1u : 0u;
  count(segment, *stats);
  if (socket != nullptr)
    receive(segment, *socket);
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
    .name = "tcp",
    .summary = "TCP receive side",
    .depends = nullptr,
    .symbols = nullptr,
    .init = no_params,
    .exit = leave,
    .link = nullptr,
    .transport = &kOps,
};
