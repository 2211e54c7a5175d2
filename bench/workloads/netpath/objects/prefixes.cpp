// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/prefixes.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace getput::bench::netpath {
namespace {

constexpr unsigned kCommonest = 24;
constexpr std::uint32_t kTestNet4 = 0xc6120000U;  // 198.18.0.0/15
constexpr unsigned kTestNet4Length = 15;
constexpr Address kTestNet6 = {0x2001000200000000ULL, 0};  // 2001:2::/48
constexpr unsigned kTestNet6Length = 48;

/// mt19937_64 is the same everywhere, the standard's distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint32_t bits() { return static_cast<std::uint32_t>(engine_() >> 32U); }
  std::uint32_t below(std::size_t limit) {
    return static_cast<std::uint32_t>((std::uint64_t{bits()} * limit) >> 32U);
  }

 private:
  std::mt19937_64 engine_;
};

/// How many random prefixes of each length there are to be, @p routes in all.
std::array<std::size_t, 33> share_out(std::size_t routes) {
  std::array<std::size_t, 33> counts{};
  std::size_t left = routes;
  for (unsigned length = 1; length < counts.size(); ++length) {
    const std::size_t half = std::size_t{1} << (length - 1);
    counts[length] = std::min(routes * kRoutesOfLength[length] / kFullTable, half);
    left -= counts[length];
  }
  counts[kCommonest] += left;
  if (counts[kCommonest] > std::size_t{1} << (kCommonest - 1))
    throw std::invalid_argument("a generated routing table cannot have so many routes");
  return counts;
}

void draw(unsigned length, std::size_t count, const PrefixOptions& options, Random& random,
          std::vector<RoutePrefix>& routes) {
  std::unordered_set<std::uint32_t> taken;
  taken.reserve(count + 1);
  if (length == kTestNet4Length)
    taken.insert(kTestNet4);
  while (count > 0) {
    const std::uint32_t prefix = random.bits() & ~std::uint32_t{0} << (32 - length);
    if (!is_unicast_ipv4(prefix) || !taken.insert(prefix).second)
      continue;
    routes.push_back({mapped_ipv4(prefix), static_cast<std::uint8_t>(length),
                      1 + random.below(options.next_hops)});
    --count;
  }
}

}  // namespace

std::vector<RoutePrefix> generate_prefixes(const PrefixOptions& options) {
  if (options.routes == 0 || options.next_hops == 0 || options.next_hops > Fib::kMostNextHops)
    throw std::invalid_argument(
        "a generated routing table needs routes and 1 to 2^23 - 1 next hops");
  Random random(options.seed);
  std::vector<RoutePrefix> routes;
  routes.reserve(options.routes + 2);
  const auto add = [&](const Address& prefix, unsigned length) {
    routes.push_back(
        {prefix, static_cast<std::uint8_t>(length), 1 + random.below(options.next_hops)});
  };
  add(mapped_ipv4(0), 0);
  add({}, 0);
  if (options.routes == 1)
    return routes;
  add(mapped_ipv4(kTestNet4), kTestNet4Length);
  add(kTestNet6, kTestNet6Length);
  const std::size_t fixed = routes.size();
  const std::array<std::size_t, 33> counts = share_out(options.routes - 2);
  for (unsigned length = 1; length < counts.size(); ++length)
    draw(length, counts[length], options, random, routes);
  for (std::size_t i = routes.size(); i > fixed + 1; --i)
    std::swap(routes[i - 1], routes[fixed + random.below(i - fixed)]);
  return routes;
}

}  // namespace getput::bench::netpath
