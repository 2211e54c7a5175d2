// SPDX-License-Identifier: MIT
// Route changes while readers look up. Each group that a reader could be in gets other contents
// when it is used again, so a group that comes back too early shows as a foreign next hop.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "bench/workloads/netpath/objects/fib.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {
namespace {

using Status = Fib::Status;

constexpr NextHop kCovering = 1;
constexpr NextHop kHere = 2;
constexpr NextHop kElsewhere = 3;

struct Place {
  Address prefix;
  unsigned length;
};

/// Adds and removes a long prefix here and one elsewhere in turn. There are groups for a few of
/// them, an even number, so after each grace period one takes over the groups of the other.
void change_routes(Fib& fib, const Place& here, const Place& elsewhere, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    ASSERT_EQ(fib.add(here.prefix, here.length, kHere), Status::ok);
    ASSERT_EQ(fib.remove(here.prefix, here.length), Status::ok);
    ASSERT_EQ(fib.add(elsewhere.prefix, elsewhere.length, kElsewhere), Status::ok);
    ASSERT_EQ(fib.remove(elsewhere.prefix, elsewhere.length), Status::ok);
  }
}

/// Two readers and the builder; counts answers that were never right.
std::uint64_t wrong_answers(Fib& fib, const Place& here, const Place& elsewhere, int rounds) {
  std::atomic<bool> changing{true};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<int> ready{0};
  const auto read = [&] {
    QsbrThread thread;
    thread.online();
    ++ready;
    while (changing) {
      for (int i = 0; i < 64; ++i) {
        const NextHop at_here = fib.lookup(here.prefix);
        const NextHop at_elsewhere = fib.lookup(elsewhere.prefix);
        wrong += at_here != kCovering && at_here != kHere ? 1U : 0U;
        wrong += at_elsewhere != kCovering && at_elsewhere != kElsewhere ? 1U : 0U;
      }
      QsbrThread::quiescent();
    }
  };
  std::vector<std::thread> readers;
  readers.emplace_back(read);
  readers.emplace_back(read);
  while (ready != 2) std::this_thread::yield();
  change_routes(fib, here, elsewhere, rounds);
  changing = false;
  for (std::thread& reader : readers) reader.join();
  return wrong;
}

TEST(FibRace, Ipv4ReadersSeeTheOldOrTheNewRoute) {
  Fib fib(8);
  ASSERT_EQ(fib.add(mapped_ipv4(0x0a000000), 8, kCovering), Status::ok);
  EXPECT_EQ(wrong_answers(fib, {mapped_ipv4(0x0a010203), 32}, {mapped_ipv4(0x0a090803), 32}, 200),
            0U);
}

TEST(FibRace, Ipv6ReadersSeeTheOldOrTheNewRoute) {
  Fib fib(4 * 6);
  ASSERT_EQ(fib.add({}, 0, kCovering), Status::ok);
  EXPECT_EQ(
      wrong_answers(fib, {{0x2001000200000001ULL, 0}, 64}, {{0x2a01000200000001ULL, 0}, 64}, 200),
      0U);
}

/// What the caller wrote before add() is visible to a reader that gets the next hop.
TEST(FibRace, NextHopsAreKnownBeforeTheirNumbers) {
  constexpr NextHop kMost = 20000;
  const Address host = mapped_ipv4(0x0a010203);
  Fib fib(1);
  std::vector<NextHop> data(kMost + 1);  // not atomic: ThreadSanitizer checks the order
  std::thread reader([&] {
    QsbrThread thread;
    thread.online();
    for (NextHop found = 0; found != kMost;) {
      const NextHop now = fib.lookup(host);
      ASSERT_GE(now, found);
      ASSERT_EQ(data[now], now);
      found = now;
    }
  });
  for (NextHop next_hop = 1; next_hop <= kMost; ++next_hop) {
    data[next_hop] = next_hop;
    ASSERT_EQ(fib.add(host, 32, next_hop), Status::ok);
  }
  reader.join();
}

TEST(FibRace, AGroupIsUsedAgainAfterAGracePeriodOnly) {
  Fib fib(1);
  ASSERT_EQ(fib.add(mapped_ipv4(0x0a000000), 25, kHere), Status::ok);
  QsbrThread reader;
  reader.online();  // and may be in the group until it is offline
  std::atomic<bool> added{false};
  std::thread builder([&] {
    ASSERT_EQ(fib.remove(mapped_ipv4(0x0a000000), 25), Status::ok);
    ASSERT_EQ(fib.add(mapped_ipv4(0x0a000100), 25, kElsewhere), Status::ok);
    added = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(added);
  reader.offline();
  builder.join();
  EXPECT_EQ(fib.lookup(mapped_ipv4(0x0a000100)), kElsewhere);
}

}  // namespace
}  // namespace getput::bench::netpath
