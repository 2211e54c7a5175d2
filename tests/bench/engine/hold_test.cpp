// SPDX-License-Identifier: MIT
// A hold takes the same time wherever the compiler puts its loop.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "bench/engine/clock.hpp"
#include "bench/engine/pair_batch.hpp"

namespace {

using getput::bench::Clock;
using getput::bench::hold;

constexpr std::uint64_t kLoops = 20'000;

/// The loop, so many one-byte instructions further on in its line.
template <unsigned Nops>
[[gnu::noinline]] void hold_behind() {
  asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(Nops));
  hold(kLoops);
}

/// The best time of each, in nanoseconds. In turns, so that a slow moment strikes all of them.
template <unsigned... Nops>
auto everywhere(std::integer_sequence<unsigned, Nops...>) {
  constexpr std::array kCode = {&hold_behind<Nops>...};
  std::array<double, kCode.size()> best;
  best.fill(std::numeric_limits<double>::max());
  const Clock& clock = Clock::instance();
  for (int round = 0; round < 200; ++round) {
    for (std::size_t i = 0; i < kCode.size(); ++i) {
      const Clock::Ticks begin = clock.now();
      kCode[i]();
      best[i] = std::min(best[i], clock.ns(clock.now() - begin));
    }
  }
  return best;
}

// Where the loop's branch lay across two cache lines, each round took 1.6 times as long: a pair of
// three schemes appeared to cost 60 ns more than that of the others when held for 100 ns.
TEST(Hold, TakesTheSameWhereverItsLoopLies) {
  const auto took = everywhere(std::make_integer_sequence<unsigned, 64>());
  const auto [fastest, slowest] = std::minmax_element(took.begin(), took.end());
  EXPECT_LT(*slowest, 1.25 * *fastest)
      << "behind " << slowest - took.begin() << " and " << fastest - took.begin() << " bytes";
}

}  // namespace
