// SPDX-License-Identifier: MIT
// A generated routing table with the prefix lengths of a real router's.
//
// What: the lengths are those of a published table; the prefixes are random, because the table
// itself is not published. So the share of lookups that need a second entry is realistic, while
// neighbourhood is not: in a real table long prefixes of one network lie side by side and share
// groups of Fib, here nearly each has its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/fib.hpp"

namespace getput::bench::netpath {

/// IPv4 routes of each prefix length from 0 to 32 in the dump of a router that DPDK measures its
/// tables with (app/test/test_lpm_perf.c, rule_count: the sum of its three address classes and its
/// five single rules). They include duplicates: there are only 65,536 different /16.
inline constexpr std::array<std::uint32_t, 33> kRoutesOfLength = {
    0,                                                        // /0
    0,     0,     1,     0,     3,     2,     4,     201,     // /1 .. /8
    37,    55,    97,    381,   775,   2104,  3712,  69319,   // /9 .. /16
    12983, 23667, 69068, 62354, 48531, 72355, 85427, 583900,  // /17 .. /24
    2654,  5650,  6467,  7127,  12936, 5999,  13,    984,     // /25 .. /32
};
inline constexpr std::size_t kFullTable =
    std::accumulate(kRoutesOfLength.begin(), kRoutesOfLength.end(), std::size_t{0});

struct PrefixOptions {
  std::size_t routes = kFullTable;  ///< of IPv4; 1: the default route alone
  NextHop next_hops = 64;           ///< each route has one of the numbers 1 .. next_hops
  std::uint64_t seed = 1;
};

struct RoutePrefix {
  Address prefix;
  std::uint8_t length = 0;  ///< in bits of the address family
  NextHop next_hop = 0;
  friend bool operator==(const RoutePrefix&, const RoutePrefix&) = default;
};

/// Is it an address of classes A to C that is neither "this network" nor loopback?
constexpr bool is_unicast_ipv4(std::uint32_t address) noexcept {
  const std::uint32_t first = address >> 24U;
  return first >= 1 && first <= 223 && first != 127;
}

/// Different routes, the same ones for the same options, in this order:
/// - the default routes of IPv4 and IPv6;
/// - with more than one route, the networks for benchmarks that generated traffic uses,
///   198.18.0.0/15 (RFC 2544) and 2001:2::/48 (RFC 5180);
/// - the other IPv4 routes in random order, with prefixes from 1.0.0.0 to 223.255.255.255 without
///   127.0.0.0/8. Each length has its share of kRoutesOfLength, but at most half of the prefixes it
///   can have (which concerns /8 and /16); what is missing then or by rounding is added to /24.
/// Throws std::invalid_argument: no route, no next hop, too many next hops, or too many routes for
/// the number of /24.
std::vector<RoutePrefix> generate_prefixes(const PrefixOptions& options);

}  // namespace getput::bench::netpath
