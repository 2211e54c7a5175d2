// SPDX-License-Identifier: MIT
#include "bench/engine/arena.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>

namespace getput::bench {
namespace {

std::uintptr_t address(const Arena::Span& span) {
  return reinterpret_cast<std::uintptr_t>(span.data());
}

TEST(ArenaTest, ManyTrialsUseDifferentPagesAndLines) {
  Arena arena;
  Random random(1);
  std::set<std::uintptr_t> pages;
  std::set<std::uintptr_t> lines_in_page;
  for (int trial = 0; trial < 200; ++trial) {
    const Arena::Span span = arena.draw(100, random);
    span.touch();
    EXPECT_EQ(address(span) % kLine, 0U);
    pages.insert(address(span) / 4096);
    lines_in_page.insert(address(span) % 4096);
  }
  EXPECT_GE(pages.size(), 190U) << "16384 pages: hardly any is drawn twice";
  EXPECT_GE(lines_in_page.size(), 20U);
}

TEST(ArenaTest, SpansInUseShareNoPage) {
  Arena arena;
  Random random(2);
  std::vector<Arena::Span> spans;
  std::set<std::uintptr_t> pages;
  std::size_t drawn = 0;
  for (int i = 0; i < 2000; ++i) {
    spans.push_back(arena.draw(5000, random));
    const std::uintptr_t first = address(spans.back()) / 4096;
    const std::uintptr_t last = (address(spans.back()) + 4999) / 4096;
    for (std::uintptr_t page = first; page <= last; ++page, ++drawn) {
      pages.insert(page);
    }
  }
  EXPECT_EQ(pages.size(), drawn);
}

TEST(ArenaTest, ServesSpansBeyondItsOwnSize) {
  Arena arena;
  Random random(3);
  Arena::Span span = arena.draw(Arena::kBytes + 1, random);
  span.touch();
  std::memset(span.data(), 0x5a, span.size());
  const Arena::Span moved = std::move(span);
  EXPECT_EQ(moved.data()[Arena::kBytes], std::byte{0x5a});
}

TEST(ArenaTest, TheSameSeedDrawsTheSamePlace) {
  Arena a;
  Random first(7);
  Random second(7);
  std::uintptr_t place = 0;
  { place = address(a.draw(64, first)); }
  EXPECT_EQ(address(a.draw(64, second)), place);
}

}  // namespace
}  // namespace getput::bench
