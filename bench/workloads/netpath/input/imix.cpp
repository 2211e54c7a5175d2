// SPDX-License-Identifier: MIT
// Generated traffic: which flow each frame belongs to, how long it is, and which connections end.
#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <stdexcept>

#include "bench/workloads/netpath/input/flow_writer.hpp"
#include "bench/workloads/netpath/input/frames.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::uint32_t kSourceNet4 = 0xc6120000U;                 // 198.18.0.0/16 and
constexpr std::uint32_t kDestinationNet4 = 0xc6130000U;            // 198.19.0.0/16: RFC 2544
constexpr std::uint64_t kSourceNet6 = 0x2001000200000001ULL;       // 2001:2:0:1::/64 and
constexpr std::uint64_t kDestinationNet6 = 0x2001000200000002ULL;  // 2001:2:0:2::/64: RFC 5180

/// Random numbers that are the same everywhere: the engine is specified by the standard, its
/// distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t bits() { return engine_(); }
  /// [0, 1)
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((engine_() >> 32U) * limit) >> 32U);
  }
  bool with_probability(double p) { return uniform() < p; }

 private:
  std::mt19937_64 engine_;
};

/// Host numbers 1 .. 65534: neither network nor broadcast address.
std::uint32_t draw_host(Random& random) {
  return 1 + random.below(65534);
}

/// An address of classes A to C that is neither "this network" nor loopback.
std::uint32_t draw_unicast(Random& random) {
  std::uint32_t octet = 1 + random.below(222);  // 1 .. 126 and 128 .. 223
  octet += octet >= 127 ? 1 : 0;
  const std::uint32_t network = random.below(1U << 16U);
  return octet << 24U | network << 8U | (1 + random.below(254));
}

/// An address that a generated IPv4 route covers. Short prefixes also cover addresses that are not
/// unicast.
Address draw_routed(const std::vector<RoutePrefix>& routes, Random& random) {
  for (;;) {
    const RoutePrefix& route = routes[random.below(static_cast<std::uint32_t>(routes.size()))];
    if (!is_ipv4(route.prefix) || route.length == 0)
      continue;
    const std::uint64_t host_bits = (std::uint64_t{1} << (32U - route.length)) - 1;
    const auto address = static_cast<std::uint32_t>(route.prefix.low | (random.bits() & host_bits));
    if (is_unicast_ipv4(address))
      return mapped_ipv4(address);
  }
}

void draw_addresses(GeneratedFlow& flow, Destinations destinations,
                    const std::vector<RoutePrefix>& routes, Random& random) {
  const std::uint32_t source = draw_host(random);
  flow.key.source = flow.ipv6 ? Address{kSourceNet6, source} : mapped_ipv4(kSourceNet4 | source);
  if (destinations == Destinations::bench) {
    const std::uint32_t host = draw_host(random);
    flow.key.destination =
        flow.ipv6 ? Address{kDestinationNet6, host} : mapped_ipv4(kDestinationNet4 | host);
  } else if (flow.ipv6) {
    const std::uint64_t network = std::uint64_t{1} << 61U | random.bits() >> 3U;  // 2000::/3
    flow.key.destination = {network, draw_host(random)};
  } else if (destinations == Destinations::routed) {
    flow.key.destination = draw_routed(routes, random);
  } else {
    flow.key.destination = mapped_ipv4(draw_unicast(random));
  }
}

std::vector<GeneratedFlow> draw_flows(const ImixOptions& options,
                                      const std::vector<RoutePrefix>& routes, Random& random) {
  constexpr std::array<std::uint16_t, 6> kServices = {443, 443, 80, 53, 4500, 8080};
  std::vector<GeneratedFlow> flows(options.flows);
  for (GeneratedFlow& flow : flows) {
    flow.ipv6 = random.with_probability(options.ipv6_share);
    flow.key.protocol =
        random.with_probability(options.udp_share) ? protocol::kUdp : protocol::kTcp;
    draw_addresses(flow, options.destinations, routes, random);
    flow.key.source_port = static_cast<std::uint16_t>(32768 + random.below(28232));
    flow.key.destination_port = kServices[random.below(kServices.size())];
    flow.sequence = random.below(0xffffffffU);
  }
  return flows;
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

/// A frame before it is written.
struct Planned {
  std::uint32_t flow = 0;
  std::uint32_t size = 0;  ///< without FCS
  double chance = 0;       ///< the draw that decides whether it ends a connection
  bool closes = false;
};

/// The draws are the same for every frame size, so that the flows come in the same order.
std::vector<Planned> draw_frames(const ImixOptions& options, Random& random) {
  constexpr std::array<std::uint32_t, 12> kSizes = {60, 60,  60,  60,  60,  60,
                                                    60, 566, 566, 566, 566, 1514};
  constexpr std::uint32_t kFcs = 4;
  const std::vector<double> cdf = zipf_cdf(options);
  std::vector<Planned> frames(options.frames);
  for (Planned& frame : frames) {
    const auto rank = std::upper_bound(cdf.begin(), cdf.end(), random.uniform()) - cdf.begin();
    frame.flow = std::min(static_cast<std::uint32_t>(rank), options.flows - 1);
    const std::uint32_t size = kSizes[random.below(kSizes.size())];
    frame.size = options.size == 0 ? size : options.size - kFcs;
    frame.chance = random.uniform();
  }
  return frames;
}

/// Chooses the segments with FIN, and opens or ends each flow as it is to be when the first frame
/// comes. The input is received over and over: a flow whose last segment ends the connection begins
/// the next pass with SYN. So the first segment of a flow ends none: regardless of what comes
/// before it, the state behind it is the same in every pass. The segment after one with FIN carries
/// SYN, and ends none either.
void end_connections(const ImixOptions& options, std::vector<Planned>& frames,
                     std::vector<GeneratedFlow>& flows) {
  std::vector<bool> seen(flows.size());
  std::uint32_t candidates = 0;
  for (const Planned& frame : frames) {
    candidates += flows[frame.flow].tcp() && seen[frame.flow] ? 1U : 0U;
    seen[frame.flow] = true;
  }
  if (candidates == 0)
    return;
  const double share = std::min(0.5, options.close_share * options.frames / candidates);
  const double probability = share / (1 - share);  // of those that do not follow an end
  seen.assign(flows.size(), false);
  for (Planned& frame : frames) {
    GeneratedFlow& flow = flows[frame.flow];
    frame.closes = flow.tcp() && seen[frame.flow] && !flow.ended && frame.chance < probability;
    seen[frame.flow] = true;
    flow.ended = frame.closes;
  }
}

}  // namespace

Input generate_imix(const ImixOptions& options) {
  if (const std::string problem = problem_of(options); !problem.empty())
    throw std::invalid_argument("generated traffic: " + problem);
  Random random(options.seed);
  std::vector<RoutePrefix> routes;
  if (options.destinations == Destinations::routed)
    routes = generate_prefixes({.seed = options.seed});
  std::vector<GeneratedFlow> flows = draw_flows(options, routes, random);
  std::vector<Planned> plan = draw_frames(options, random);
  end_connections(options, plan, flows);
  auto frames = std::make_shared<FrameSet>(name_of(options));
  std::vector<std::uint8_t> bytes;
  for (const Planned& planned : plan) {
    GeneratedFlow& flow = flows[planned.flow];
    bytes.resize(std::max<std::size_t>(planned.size, flow.headers()));
    write_frame(bytes, flow, planned.closes);
    const auto size = static_cast<std::uint32_t>(bytes.size());
    frames->add(bytes.data(), size, size);
  }
  for (const GeneratedFlow& flow : flows) frames->add_idle_flow(flow.key);
  frames->set_routes(std::move(routes));
  frames->finish();
  return frames;
}

}  // namespace getput::bench::netpath
