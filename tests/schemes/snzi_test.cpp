// SPDX-License-Identifier: MIT
// What snzi is made of: the shape of its tree on machines of every size, and a leaf's word where no
// test holds enough references to get.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "schemes/distributed/snzi.hpp"

namespace getput {
namespace {

template <unsigned Fanout>
void expect_a_tree(unsigned cpus) {
  using Shape = SnziShape<Fanout>;
  const unsigned inner = Shape::inner_nodes(cpus);
  std::vector<unsigned> children(inner);
  unsigned of_root = 0;
  for (unsigned node = 0; node < inner + cpus; ++node) {
    const unsigned parent = Shape::parent_of(node);
    if (parent == Shape::root()) {
      ++of_root;
      continue;
    }
    ASSERT_LT(parent, inner) << "no inner node is the parent of " << node;
    ASSERT_LT(parent, node) << "so that whoever goes up arrives at the root";
    ++children[parent];
  }
  ASSERT_GE(Shape::root(), inner + cpus) << "the root's number is another node's";
  ASSERT_LE(of_root, Fanout);
  for (const unsigned n : children) {
    ASSERT_GE(n, 2U) << "an inner node that spares its parent nothing";
    ASSERT_LE(n, Fanout);
  }
}

template <unsigned Fanout>
void expect_trees() {
  for (unsigned cpus = 1; cpus <= 1100; ++cpus) {
    ASSERT_NO_FATAL_FAILURE(expect_a_tree<Fanout>(cpus)) << cpus << " CPUs";
  }
}

TEST(SnziShape, EveryLeafHasAWayToTheRootWithoutDetour) {
  expect_trees<2>();
  expect_trees<3>();
  expect_trees<8>();
}

TEST(SnziShape, AboveEightCpusOneInnerNodeForEachSevenMore) {
  constexpr auto inner_nodes = SnziShape<8>::inner_nodes;
  EXPECT_EQ(inner_nodes(1), 0U);
  EXPECT_EQ(inner_nodes(8), 0U);
  EXPECT_EQ(inner_nodes(9), 1U);
  EXPECT_EQ(inner_nodes(15), 1U);
  EXPECT_EQ(inner_nodes(16), 2U);
  EXPECT_EQ(inner_nodes(64), 8U);
}

/// One CPU, whose words can be looked at and set.
struct OpenWords : machine::Native {
  static unsigned possible_cpus() noexcept { return 1; }
  static unsigned current_cpu() noexcept { return 0; }

  // Of the object made last.
  static inline std::atomic<std::int64_t>* word = nullptr;
  static inline std::size_t words = 0;
  template <std::size_t N>
  class PerCpuWords {
   public:
    PerCpuWords() {
      word = &word_;
      words = N;
    }
    template <std::size_t>
    std::atomic<std::int64_t>& on(unsigned) noexcept {
      return word_;
    }

   private:
    std::atomic<std::int64_t> word_{0};
  };
};

struct SixteenCpus : OpenWords {
  static unsigned possible_cpus() noexcept { return 16; }
};

TEST(SnziShape, InnerNodesAreAllocatedWhereThereAreAny) {
  EXPECT_EQ(Snzi<OpenWords>::allocated_here(), 0U);
  EXPECT_EQ(Snzi<SixteenCpus>::allocated_here(), 2 * 64U + 128);  // snzi_bytes_test.cpp measures
}

TEST(SnziLeaf, HasItsLineAlone) {
  const Snzi<OpenWords> module;
  EXPECT_EQ(OpenWords::words * sizeof(std::int64_t), module.info.bytes_per_cpu);
}

constexpr std::int64_t kBarred = 1;
constexpr std::int64_t kResident = 2;
constexpr std::int64_t kOne = 8;
constexpr std::int64_t kVersion = std::int64_t{1} << 34;

TEST(SnziLeaf, FirstGetLeavesAResidentAndRemovalTakesItAway) {
  Snzi<OpenWords> module;
  std::atomic<std::int64_t>& word = *OpenWords::word;
  for (int life = 1; life <= 3; ++life) {
    const auto ticket = module.try_get();
    EXPECT_EQ(word, life * kVersion + 2 * kOne + kResident);
    module.put(module.get(ticket));
    EXPECT_EQ(word, life * kVersion + 2 * kOne + kResident);
    EXPECT_FALSE(module.try_stop());
    EXPECT_EQ(word, life * kVersion + 2 * kOne + kResident) << "a busy leaf was barred";
    module.put(ticket);
    EXPECT_EQ(word, life * kVersion + kOne + kResident);
    if (life % 2 == 0)
      module.stop();
    else
      ASSERT_TRUE(module.try_stop());
    EXPECT_TRUE(module.drained());
    EXPECT_EQ(word, life * kVersion + kBarred);
    module.restart();
    EXPECT_EQ(word, life * kVersion);
  }
}

TEST(SnziLeaf, RemovalCalledOffWhileHeld) {
  Snzi<OpenWords> module;
  std::atomic<std::int64_t>& word = *OpenWords::word;
  const auto ticket = module.try_get();
  module.stop();
  EXPECT_EQ(word, kVersion + kOne + kBarred);
  EXPECT_FALSE(module.drained());
  module.restart();
  module.put(module.try_get());
  EXPECT_EQ(word, kVersion + kOne);
  module.put(ticket);
  EXPECT_TRUE(module.try_stop());
}

/// The model's threads all have visited the module before they are frozen, so they find residents.
TEST(SnziLeaf, WhoStandsAtOneHalfIsHelped) {
  Snzi<OpenWords> module;
  std::atomic<std::int64_t>& word = *OpenWords::word;
  word = kVersion + kOne / 2;  // a thread was interrupted before it arrived at the root
  const auto ticket = module.try_get();
  ASSERT_TRUE(static_cast<bool>(ticket));
  EXPECT_EQ(word, kVersion + 3 * kOne + kResident) << "its reference, this one and the resident";
  module.put(ticket);
  EXPECT_EQ(word, kVersion + 2 * kOne + kResident);
  EXPECT_FALSE(module.try_stop());
}

TEST(SnziLeaf, CountsToTheVersion) {
  Snzi<OpenWords> module;
  std::atomic<std::int64_t>& word = *OpenWords::word;
  const auto ticket = module.try_get();
  for (std::int64_t bit = 5; bit <= 33; ++bit) {
    const std::int64_t before = kVersion + kResident + (std::int64_t{1} << bit) - 2 * kOne;
    word = before;
    const std::array held{module.try_get(), module.get(ticket), module.try_get()};
    EXPECT_EQ(word, before + 3 * kOne);
    for (const auto& one : held) module.put(one);
    EXPECT_EQ(word, before);
  }
  word = 2 * kVersion + kResident - 2 * kOne;
  module.put(module.get(ticket));
  EXPECT_EQ(word, 2 * kVersion + kResident - 2 * kOne);
  word = kVersion + kResident + 2 * kOne;
  module.put(ticket);
  EXPECT_TRUE(module.try_stop());
}

}  // namespace
}  // namespace getput
