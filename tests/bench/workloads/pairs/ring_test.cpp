// SPDX-License-Identifier: MIT
#include "bench/workloads/pairs/ring.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>

namespace getput::bench::pairs {
namespace {

TEST(RingTest, IsEmptyThenFullThenEmpty) {
  Ring<int, 4> ring;
  int value = 0;
  EXPECT_FALSE(ring.pop(value));
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(ring.full());
    ring.push(i);
  }
  EXPECT_TRUE(ring.full());
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.pop(value));
    EXPECT_EQ(value, i);
    EXPECT_FALSE(ring.full());
  }
  EXPECT_FALSE(ring.pop(value));
}

TEST(RingTest, KeepsOrderBetweenThreads) {
  constexpr std::uint64_t kMany = 200'000;
  Ring<std::uint64_t, 8> ring;
  std::jthread producer([&] {
    for (std::uint64_t i = 0; i < kMany;) {
      if (ring.full()) {
        std::this_thread::yield();
      } else {
        ring.push(i++);
      }
    }
  });
  for (std::uint64_t expected = 0; expected < kMany;) {
    std::uint64_t value = 0;
    if (ring.pop(value)) {
      ASSERT_EQ(value, expected++);
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace
}  // namespace getput::bench::pairs
