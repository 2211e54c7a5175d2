// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/fib.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <vector>

namespace getput::bench::netpath {
namespace {

using Status = Fib::Status;

struct Rule {
  Address prefix;
  unsigned length = 0;
  NextHop next_hop = 0;
};

Address ipv4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return mapped_ipv4((a << 24U) | (b << 16U) | (c << 8U) | d);
}

/// The first @p bits of the 128 are equal; one bit at a time.
bool same_start(const Address& left, const Address& right, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const std::uint64_t differ = i < 64 ? left.high ^ right.high : left.low ^ right.low;
    if (((differ >> (63 - i % 64)) & 1U) != 0)
      return false;
  }
  return true;
}

Address cut(Address address, unsigned bits) {
  for (unsigned i = bits; i < 128; ++i)
    (i < 64 ? address.high : address.low) &= ~(std::uint64_t{1} << (63 - i % 64));
  return address;
}

/// The specification: looks at every route.
class LinearFib {
 public:
  void add(const Rule& route) {
    remove(route.prefix, route.length);
    routes_.push_back(route);
  }
  bool remove(const Address& prefix, unsigned length) {
    return std::erase_if(routes_, [&](const Rule& route) {
             return route.prefix == prefix && route.length == length;
           }) != 0;
  }
  NextHop lookup(const Address& address) const {
    const Rule* best = nullptr;
    for (const Rule& route : routes_) {
      const bool family = is_ipv4(route.prefix) == is_ipv4(address);
      const unsigned bits = route.length + (is_ipv4(address) ? 96 : 0);
      if (family && same_start(route.prefix, address, bits) &&
          (best == nullptr || route.length > best->length))
        best = &route;
    }
    return best == nullptr ? 0 : best->next_hop;
  }
  const std::vector<Rule>& routes() const { return routes_; }

 private:
  std::vector<Rule> routes_;
};

/// Prefixes that nest: few different bytes, at every place the edge values among them.
class RandomRoutes {
 public:
  explicit RandomRoutes(bool ipv6) : ipv6_(ipv6) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  Address address() {
    constexpr std::uint64_t kBytes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    Address made = ipv6_ ? Address{} : mapped_ipv4(0);
    for (unsigned byte = ipv6_ ? 0 : 12; byte < 16; ++byte)
      (byte < 8 ? made.high : made.low) |= kBytes[below(5)] << (56 - byte % 8 * 8);
    if (ipv6_ && made.high == 0)
      made.high = 1;  // never a mapped IPv4 address
    return made;
  }
  Rule route() {
    // Few of the short ones: each is written into up to 2^24 entries.
    const std::size_t shortest = below(100) == 0 ? 0 : 8;
    const auto length = static_cast<unsigned>(shortest + below((ipv6_ ? 129 : 33) - shortest));
    const Address prefix = cut(address(), length + (ipv6_ ? 0 : 96));
    return {prefix, length, static_cast<NextHop>(1 + below(1000))};
  }

 private:
  std::mt19937_64 engine_{20261126};
  const bool ipv6_;
};

/// The addresses at both edges of a prefix, and next to them.
std::vector<Address> edges(const Rule& route) {
  const unsigned bits = route.length + (is_ipv4(route.prefix) ? 96 : 0);
  Address last = route.prefix;
  for (unsigned i = bits; i < 128; ++i)
    (i < 64 ? last.high : last.low) |= std::uint64_t{1} << (63 - i % 64);
  const Address before{route.prefix.high - (route.prefix.low == 0 ? 1U : 0U), route.prefix.low - 1};
  const Address after{last.high + (last.low == ~std::uint64_t{0} ? 1U : 0U), last.low + 1};
  return {route.prefix, last, before, after};
}

class FibOfFamily : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Families, FibOfFamily, ::testing::Bool(),
                         [](const auto& family) { return family.param ? "Ipv6" : "Ipv4"; });

TEST_P(FibOfFamily, EqualsTheLinearSearchWhateverTheOrderOfChanges) {
  RandomRoutes random(GetParam());
  Fib fib(4096);
  LinearFib reference;
  for (int step = 0; step < 3000; ++step) {
    const std::vector<Rule>& routes = reference.routes();
    Rule changed = random.route();
    if (random.below(100) < 45 && !routes.empty()) {
      changed = routes[random.below(routes.size())];
      ASSERT_EQ(fib.remove(changed.prefix, changed.length), Status::ok);
      reference.remove(changed.prefix, changed.length);
    } else {
      ASSERT_EQ(fib.add(changed.prefix, changed.length, changed.next_hop), Status::ok);
      reference.add(changed);
    }
    for (const Address& address : edges(changed))
      ASSERT_EQ(fib.lookup(address), reference.lookup(address)) << "step " << step;
    for (int i = 0; i < 4; ++i) {
      const Address address = random.address();
      ASSERT_EQ(fib.lookup(address), reference.lookup(address)) << "step " << step;
    }
  }
  while (!reference.routes().empty()) {
    const Rule last = reference.routes().back();
    ASSERT_EQ(fib.remove(last.prefix, last.length), Status::ok);
    reference.remove(last.prefix, last.length);
  }
  EXPECT_EQ(fib.routes(), 0U);
  EXPECT_EQ(fib.groups_in_use(), 0U) << "every group came back";
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(fib.lookup(random.address()), 0U);
}

TEST(Fib, EmptyHasNoRoute) {
  const Fib fib(16);
  EXPECT_EQ(fib.lookup(ipv4(0, 0, 0, 0)), 0U);
  EXPECT_EQ(fib.lookup(ipv4(255, 255, 255, 255)), 0U);
  EXPECT_EQ(fib.lookup({}), 0U);
  EXPECT_EQ(fib.lookup({~std::uint64_t{0}, ~std::uint64_t{0}}), 0U);
}

TEST(Fib, DefaultRoutesCoverTheirFamilyAlone) {
  Fib fib(16);
  ASSERT_EQ(fib.add(mapped_ipv4(0), 0, 4), Status::ok);
  EXPECT_EQ(fib.lookup(ipv4(0, 0, 0, 0)), 4U);
  EXPECT_EQ(fib.lookup(ipv4(255, 255, 255, 255)), 4U);
  EXPECT_EQ(fib.lookup({1, 1}), 0U);
  ASSERT_EQ(fib.add({}, 0, 6), Status::ok);
  EXPECT_EQ(fib.lookup({}), 6U);
  EXPECT_EQ(fib.lookup({0, 0xfffeffffffffULL}), 6U) << "one below the mapped addresses";
  EXPECT_EQ(fib.lookup({0, 0x1000000000000ULL}), 6U) << "one above";
  EXPECT_EQ(fib.lookup(ipv4(1, 2, 3, 4)), 4U);
  ASSERT_EQ(fib.remove(mapped_ipv4(0), 0), Status::ok);
  EXPECT_EQ(fib.lookup(ipv4(1, 2, 3, 4)), 0U) << "the IPv6 default is no IPv4 route";
}

TEST(Fib, HostRoutes) {
  Fib fib(32);
  const Address host6 = {0x2001000200000002ULL, 7};
  ASSERT_EQ(fib.add(ipv4(198, 19, 0, 1), 32, 1), Status::ok);
  ASSERT_EQ(fib.add(host6, 128, 2), Status::ok);
  EXPECT_EQ(fib.lookup(ipv4(198, 19, 0, 1)), 1U);
  EXPECT_EQ(fib.lookup(ipv4(198, 19, 0, 0)), 0U);
  EXPECT_EQ(fib.lookup(ipv4(198, 19, 0, 2)), 0U);
  EXPECT_EQ(fib.lookup(host6), 2U);
  EXPECT_EQ(fib.lookup({host6.high, 6}), 0U);
  EXPECT_EQ(fib.lookup({host6.high, 8}), 0U);
}

TEST(Fib, EntriesReadAreWhatTheHeaderSays) {
  Fib fib(64);
  const Address net6 = {0x2001000200000000ULL, 0};
  const auto read = [&](const Address& prefix, unsigned length) {
    EXPECT_EQ(fib.add(prefix, length, 1), Status::ok);
    const unsigned entries = fib.entries_read(prefix);
    EXPECT_EQ(fib.remove(prefix, length), Status::ok);
    return entries;
  };
  EXPECT_EQ(read(ipv4(10, 0, 0, 0), 24), 1U);
  EXPECT_EQ(read(ipv4(10, 0, 0, 0), 25), 2U);
  EXPECT_EQ(read(net6, 48), 5U);
  EXPECT_EQ(read(net6, 64), 7U);
  EXPECT_EQ(read(net6, 128), 15U);
}

TEST(Fib, ErrorsAreNamedAndChangeNothing) {
  Fib fib(16);
  EXPECT_EQ(fib.add(ipv4(10, 0, 0, 0), 33, 1), Status::bad_prefix);
  EXPECT_EQ(fib.add(ipv4(10, 0, 0, 1), 31, 1), Status::bad_prefix) << "a bit behind the prefix";
  EXPECT_EQ(fib.add({1, 0}, 129, 1), Status::bad_prefix);
  EXPECT_EQ(fib.add({1, 1}, 127, 1), Status::bad_prefix);
  EXPECT_EQ(fib.add(ipv4(10, 0, 0, 0), 8, 0), Status::bad_next_hop);
  EXPECT_EQ(fib.add(ipv4(10, 0, 0, 0), 8, Fib::kMostNextHops + 1), Status::bad_next_hop);
  EXPECT_EQ(fib.add(ipv4(10, 0, 0, 0), 8, Fib::kMostNextHops), Status::ok);
  EXPECT_EQ(fib.lookup(ipv4(10, 1, 2, 3)), Fib::kMostNextHops);
  EXPECT_EQ(fib.remove(ipv4(10, 0, 0, 0), 9), Status::not_found);
  EXPECT_EQ(fib.remove(ipv4(10, 0, 0, 0), 33), Status::bad_prefix);
  EXPECT_EQ(fib.routes(), 1U);
  EXPECT_THROW(Fib(Fib::kMostGroups + 1), std::invalid_argument);
}

TEST(Fib, WithoutAGroupARouteIsRefusedAndTheOthersStay) {
  Fib fib(2);
  ASSERT_EQ(fib.add(ipv4(10, 0, 0, 0), 8, 1), Status::ok);
  ASSERT_EQ(fib.add(ipv4(10, 0, 0, 0), 25, 2), Status::ok);
  ASSERT_EQ(fib.add(ipv4(10, 0, 0, 128), 32, 3), Status::ok) << "the group is there";
  EXPECT_EQ(fib.add({0x2001000200000000ULL, 0}, 48, 4), Status::no_group) << "it needs four";
  EXPECT_EQ(fib.lookup({0x2001000200000000ULL, 0}), 0U);
  ASSERT_EQ(fib.add(ipv4(10, 0, 1, 0), 25, 5), Status::ok);
  EXPECT_EQ(fib.add(ipv4(10, 0, 2, 0), 25, 6), Status::no_group);
  EXPECT_EQ(fib.lookup(ipv4(10, 0, 2, 0)), 1U);
  EXPECT_EQ(fib.routes(), 4U);
  ASSERT_EQ(fib.remove(ipv4(10, 0, 0, 0), 25), Status::ok);
  EXPECT_EQ(fib.add(ipv4(10, 0, 2, 0), 25, 6), Status::no_group) << "the /32 is still in the group";
  ASSERT_EQ(fib.remove(ipv4(10, 0, 0, 128), 32), Status::ok);
  EXPECT_EQ(fib.add(ipv4(10, 0, 2, 0), 25, 6), Status::ok);
  EXPECT_EQ(fib.lookup(ipv4(10, 0, 2, 1)), 6U);
  EXPECT_EQ(fib.lookup(ipv4(10, 0, 0, 1)), 1U);
  EXPECT_EQ(fib.groups_in_use(), 2U);
}

TEST(Fib, MemoryIsTheRootsAndTheGroupsInUse) {
  Fib fib(1000);
  constexpr std::size_t kRoots = (std::size_t{64} << 20) + (std::size_t{256} << 10);
  const std::size_t empty = fib.memory_bytes();
  EXPECT_GE(empty, kRoots);
  EXPECT_LT(empty, kRoots + 2 * kHugePage);
  ASSERT_EQ(fib.add(ipv4(10, 0, 0, 0), 30, 1), Status::ok);
  EXPECT_EQ(fib.memory_bytes(), empty + 1024);
}

}  // namespace
}  // namespace getput::bench::netpath
