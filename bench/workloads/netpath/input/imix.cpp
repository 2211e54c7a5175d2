// SPDX-License-Identifier: MIT
// Generated traffic: IMIX sizes, Zipf popularity, benchmark addresses, right checksums.
#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <stdexcept>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/checksum.hpp"
#include "bench/workloads/netpath/input/frames.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::uint32_t kSourceNet4 = 0xc6120000U;                 // 198.18.0.0/16 and
constexpr std::uint32_t kDestinationNet4 = 0xc6130000U;            // 198.19.0.0/16: RFC 2544
constexpr std::uint64_t kSourceNet6 = 0x2001000200000001ULL;       // 2001:2:0:1::/64 and
constexpr std::uint64_t kDestinationNet6 = 0x2001000200000002ULL;  // 2001:2:0:2::/64: RFC 5180

/// Random numbers that are the same everywhere: the engine is specified by the standard, its
/// distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// [0, 1)
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((engine_() >> 32U) * limit) >> 32U);
  }
  bool with_probability(double p) { return uniform() < p; }

 private:
  std::mt19937_64 engine_;
};

struct Flow {
  bool ipv6 = false;
  bool tcp = false;
  std::uint32_t source = 0;  ///< host number within the source network
  std::uint32_t destination = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
};

std::vector<Flow> make_flows(const ImixOptions& options, Random& random) {
  constexpr std::array<std::uint16_t, 6> kServices = {443, 443, 80, 53, 4500, 8080};
  std::vector<Flow> flows(options.flows);
  for (Flow& flow : flows) {
    flow.ipv6 = random.with_probability(options.ipv6_share);
    flow.tcp = !random.with_probability(options.udp_share);
    // Host numbers 1..65534: neither network nor broadcast address.
    flow.source = 1 + random.below(65534);
    flow.destination = 1 + random.below(65534);
    flow.source_port = static_cast<std::uint16_t>(32768 + random.below(28232));
    flow.destination_port = kServices[random.below(kServices.size())];
    flow.sequence = random.below(0xffffffffU);
  }
  return flows;
}

FlowKey key_of(const Flow& flow) {
  FlowKey key{mapped_ipv4(kSourceNet4 | flow.source),
              mapped_ipv4(kDestinationNet4 | flow.destination), flow.source_port,
              flow.destination_port, flow.tcp ? protocol::kTcp : protocol::kUdp};
  if (flow.ipv6) {
    key.source = {kSourceNet6, flow.source};
    key.destination = {kDestinationNet6, flow.destination};
  }
  return key;
}

/// Cumulated popularity of the flows, ending at 1.
std::vector<double> zipf_cdf(const ImixOptions& options) {
  std::vector<double> cdf(options.flows);
  double sum = 0.0;
  for (std::size_t rank = 0; rank < cdf.size(); ++rank) {
    sum += std::pow(static_cast<double>(rank + 1), -options.zipf);
    cdf[rank] = sum;
  }
  for (double& value : cdf) value /= sum;
  return cdf;
}

void write_ethernet(std::uint8_t* frame, bool ipv6) {
  // Locally administered addresses: the generator and the device under test.
  constexpr std::array<std::uint8_t, 12> kMacs = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
  std::copy(kMacs.begin(), kMacs.end(), frame);
  store_be<std::uint16_t>(frame + 12, ipv6 ? 0x86dd : 0x0800);
}

/// Writes the network header and returns the sum of the pseudo header's addresses.
PartialSum write_network(std::uint8_t* ip, const Flow& flow, std::size_t l4_size) {
  const std::uint8_t proto = flow.tcp ? protocol::kTcp : protocol::kUdp;
  if (flow.ipv6) {
    ip[0] = 0x60;
    store_be(ip + 4, static_cast<std::uint16_t>(l4_size));
    ip[6] = proto;
    ip[7] = 64;
    store_be(ip + 8, kSourceNet6);
    store_be<std::uint64_t>(ip + 16, flow.source);
    store_be(ip + 24, kDestinationNet6);
    store_be<std::uint64_t>(ip + 32, flow.destination);
    return add_bytes(0, ip + 8, 32);
  }
  ip[0] = 0x45;
  store_be(ip + 2, static_cast<std::uint16_t>(20 + l4_size));
  store_be<std::uint16_t>(ip + 6, 0x4000);  // don't fragment
  ip[8] = 64;
  ip[9] = proto;
  store_be(ip + 12, kSourceNet4 | flow.source);
  store_be(ip + 16, kDestinationNet4 | flow.destination);
  store_be(ip + 10, checksum(add_bytes(0, ip, 20)));
  return add_bytes(0, ip + 12, 8);
}

void write_transport(std::uint8_t* l4, std::size_t size, Flow& flow, bool closes,
                     PartialSum pseudo) {
  store_be(l4, flow.source_port);
  store_be(l4 + 2, flow.destination_port);
  std::size_t checksum_at = 6;
  if (flow.tcp) {
    constexpr std::uint8_t kFin = 0x01;
    constexpr std::uint8_t kAck = 0x10;
    checksum_at = 16;
    store_be(l4 + 4, flow.sequence);
    store_be<std::uint32_t>(l4 + 8, 1);
    l4[12] = 0x50;
    l4[13] = closes ? kAck | kFin : kAck;
    store_be<std::uint16_t>(l4 + 14, 65535);
    flow.sequence += static_cast<std::uint32_t>(size - 20) + (closes ? 1 : 0);
  } else {
    store_be(l4 + 4, static_cast<std::uint16_t>(size));
  }
  PartialSum sum = add_word(pseudo, flow.tcp ? protocol::kTcp : protocol::kUdp);
  sum = add_word(sum, static_cast<std::uint16_t>(size));
  std::uint16_t value = checksum(add_bytes(sum, l4, size));
  if (!flow.tcp && value == 0)
    value = 0xffff;  // 0 would say "no checksum" (RFC 768)
  store_be(l4 + checksum_at, value);
}

}  // namespace

Input generate_imix(const ImixOptions& options) {
  if (options.frames == 0 || options.flows == 0)
    throw std::invalid_argument("generated traffic needs at least one frame and one flow");
  constexpr std::array<std::size_t, 12> kSizes = {60, 60,  60,  60,  60,  60,
                                                  60, 566, 566, 566, 566, 1514};
  Random random(options.seed);
  std::vector<Flow> flows = make_flows(options, random);
  const std::vector<double> cdf = zipf_cdf(options);
  auto frames = std::make_shared<FrameSet>("imix");
  std::vector<std::uint8_t> bytes(1514);
  for (std::uint32_t i = 0; i < options.frames; ++i) {
    const auto rank = std::upper_bound(cdf.begin(), cdf.end(), random.uniform()) - cdf.begin();
    Flow& flow = flows[std::min<std::size_t>(static_cast<std::size_t>(rank), flows.size() - 1)];
    const std::size_t network = flow.ipv6 ? 40 : 20;
    const std::size_t headers = kEthernet + network + (flow.tcp ? 20U : 8U);
    const std::size_t size = std::max(kSizes[random.below(kSizes.size())], headers);
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    const std::size_t l4_size = size - kEthernet - network;
    const bool closes = flow.tcp && random.with_probability(options.close_share);
    write_ethernet(bytes.data(), flow.ipv6);
    const PartialSum pseudo = write_network(bytes.data() + kEthernet, flow, l4_size);
    write_transport(bytes.data() + kEthernet + network, l4_size, flow, closes, pseudo);
    frames->add(bytes.data(), static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(size));
  }
  for (const Flow& flow : flows) frames->add_idle_flow(key_of(flow));
  frames->finish();
  return frames;
}

}  // namespace getput::bench::netpath
