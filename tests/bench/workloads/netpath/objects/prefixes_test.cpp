// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/prefixes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bench/workloads/netpath/input/frames.hpp"

namespace getput::bench::netpath {
namespace {

std::vector<RoutePrefix> table_of(std::size_t routes, NextHop next_hops = 64) {
  PrefixOptions options;
  options.routes = routes;
  options.next_hops = next_hops;
  return generate_prefixes(options);
}

std::array<std::size_t, 33> lengths_of(const std::vector<RoutePrefix>& routes) {
  std::array<std::size_t, 33> lengths{};
  for (const RoutePrefix& route : routes) {
    if (is_ipv4(route.prefix))
      ++lengths[route.length];
  }
  return lengths;
}

void fill(Fib& fib, const std::vector<RoutePrefix>& routes) {
  for (const RoutePrefix& route : routes)
    ASSERT_EQ(fib.add(route.prefix, route.length, route.next_hop), Fib::Status::ok);
}

Input generated_traffic() {
  ImixOptions options;
  options.frames = 100;
  options.flows = 2000;
  return generate_imix(options);
}

/// The figures of the source, added up by hand: 54.2 % are /24.
TEST(Prefixes, FiguresAddUp) {
  EXPECT_EQ(kFullTable, 1076806U);
  EXPECT_NEAR(static_cast<double>(kRoutesOfLength[24]) / static_cast<double>(kFullTable), 0.542,
              0.0005);
}

TEST(Prefixes, OneRouteIsTheDefaultRoute) {
  const std::vector<RoutePrefix> routes = table_of(1);
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].prefix, mapped_ipv4(0));
  EXPECT_EQ(routes[0].length, 0U);
  EXPECT_EQ(routes[1].prefix, Address{});
  EXPECT_EQ(routes[1].length, 0U);
}

TEST(Prefixes, AFullTableHasTheLengthsOfItsSource) {
  const std::vector<RoutePrefix> routes = table_of(kFullTable);
  const std::array<std::size_t, 33> lengths = lengths_of(routes);
  for (unsigned length = 1; length <= 32; ++length) {
    const std::size_t half = std::size_t{1} << (length - 1);
    const auto expected = static_cast<double>(std::min<std::size_t>(kRoutesOfLength[length], half));
    if (length != 24) {
      EXPECT_NEAR(static_cast<double>(lengths[length]), expected, 1.0) << "/" << length;
    }
  }
  std::size_t ipv4 = 0;
  for (const std::size_t count : lengths) ipv4 += count;
  EXPECT_EQ(ipv4, kFullTable);
  std::vector<std::pair<std::uint64_t, unsigned>> prefixes;
  for (const RoutePrefix& route : routes) prefixes.emplace_back(route.prefix.low, route.length);
  std::sort(prefixes.begin(), prefixes.end());
  EXPECT_EQ(std::adjacent_find(prefixes.begin(), prefixes.end()), prefixes.end());
}

TEST(Prefixes, ASmallTableHasTheSameShares) {
  const std::array<std::size_t, 33> lengths = lengths_of(table_of(1000));
  EXPECT_EQ(lengths[0], 1U);
  EXPECT_EQ(lengths[16], 64U);
  EXPECT_EQ(lengths[23], 79U);
  EXPECT_GT(lengths[24], 541U);
  EXPECT_LT(lengths[24], 570U) << "and what rounding left";
}

TEST(Prefixes, EveryRouteIsOneThatTheTableTakes) {
  const std::vector<RoutePrefix> routes = table_of(50000, 7);
  Fib fib;
  fill(fib, routes);
  EXPECT_EQ(fib.routes(), 50002U);
  std::set<NextHop> next_hops;
  for (const RoutePrefix& route : routes) next_hops.insert(route.next_hop);
  EXPECT_EQ(next_hops, (std::set<NextHop>{1, 2, 3, 4, 5, 6, 7}));
}

/// Both ends of every generated flow have a route that is not the default one.
TEST(Prefixes, CoverTheNetworksOfGeneratedTraffic) {
  const Input input = generated_traffic();
  for (const std::size_t count : {std::size_t{2}, std::size_t{1000}}) {
    std::vector<RoutePrefix> routes = table_of(count);
    std::erase_if(routes, [](const RoutePrefix& route) { return route.length == 0; });
    Fib fib;
    fill(fib, routes);
    for (const KnownFlow& flow : input->flows()) {
      ASSERT_NE(fib.lookup(flow.key.source), 0U);
      ASSERT_NE(fib.lookup(flow.key.destination), 0U);
    }
  }
}

TEST(Prefixes, ADefaultRouteAloneCoversGeneratedTraffic) {
  const Input input = generated_traffic();
  Fib fib;
  fill(fib, table_of(1));
  for (const KnownFlow& flow : input->flows()) ASSERT_NE(fib.lookup(flow.key.destination), 0U);
}

TEST(Prefixes, TheSeedDecidesAll) {
  PrefixOptions options;
  options.routes = 5000;
  const std::vector<RoutePrefix> routes = generate_prefixes(options);
  EXPECT_EQ(routes, generate_prefixes(options));
  options.seed = 2;
  EXPECT_NE(routes, generate_prefixes(options));
}

/// In the order of the lengths the builder would find its entries in the cache.
TEST(Prefixes, OrderIsRandom) {
  const std::vector<RoutePrefix> routes = table_of(10000);
  std::size_t falls = 0;
  for (std::size_t i = 5; i < routes.size(); ++i)
    falls += routes[i].prefix.low < routes[i - 1].prefix.low ? 1U : 0U;
  EXPECT_NEAR(static_cast<double>(falls) / static_cast<double>(routes.size()), 0.5, 0.03);
  EXPECT_FALSE(std::is_sorted(routes.begin() + 4, routes.end(),
                              [](const auto& a, const auto& b) { return a.length < b.length; }));
}

TEST(Prefixes, RefusesWhatCannotBeGenerated) {
  EXPECT_THROW(table_of(0), std::invalid_argument);
  EXPECT_THROW(table_of(1000, 0), std::invalid_argument);
  EXPECT_THROW(table_of(1000, Fib::kMostNextHops + 1), std::invalid_argument);
  EXPECT_THROW(table_of(std::size_t{1} << 26U), std::invalid_argument);
}

}  // namespace
}  // namespace getput::bench::netpath
