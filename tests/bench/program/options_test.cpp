// SPDX-License-Identifier: MIT
#include "bench/program/options.hpp"

#include <gtest/gtest.h>

#include "bench/engine/errors.hpp"

namespace getput::bench {
namespace {

using Counts = std::vector<unsigned>;

TEST(Threads, DefaultIsPowersOfTwoAndAll) {
  EXPECT_EQ(default_threads(1), Counts{1});
  EXPECT_EQ(default_threads(2), (Counts{1, 2}));
  EXPECT_EQ(default_threads(6), (Counts{1, 2, 4, 6}));
  EXPECT_EQ(default_threads(8), (Counts{1, 2, 4, 8}));
}

TEST(Threads, ListsAndRanges) {
  EXPECT_EQ(parse_threads("4,1,2,2", 8), (Counts{1, 2, 4}));
  EXPECT_EQ(parse_threads("1-3,8", 8), (Counts{1, 2, 3, 8}));
}

TEST(Threads, BadTextIsRefused) {
  for (const char* text :
       {"", "0", "1,", ",1", "a", "1-", "3-1", "-1", "1.5", "9", "1-9", "99999999999999999999"}) {
    EXPECT_THROW(parse_threads(text, 8), RequestError) << text;
  }
}

}  // namespace
}  // namespace getput::bench
