// SPDX-License-Identifier: MIT
// Where tables and objects have their memory from.
#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <utility>

#include "bench/workloads/netpath/core.hpp"
#include "bench/workloads/netpath/objects/huge_memory.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"
#include "bench/workloads/netpath/objects/table.hpp"
#include "tests/bench/workloads/netpath/objects/online.hpp"

namespace getput::bench::netpath {
namespace {

TEST(HugeMemory, LargeBlocksAreAlignedToHugePages) {
  for (const std::size_t size : {kHugePage / 4, kHugePage, 3 * kHugePage + 1}) {
    HugeMemory memory(size);
    ASSERT_NE(memory.data(), nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % kHugePage, 0U);
    EXPECT_GE(memory.size(), size);
    EXPECT_EQ(memory.data()[0], std::byte{0});
    memory.data()[memory.size() - 1] = std::byte{1};
  }
}

TEST(HugeMemory, SmallBlocksUseNoHugePage) {
  HugeMemory memory(100);
  EXPECT_LE(memory.size(), 4096U);
  memory.data()[99] = std::byte{1};
  HugeMemory other = std::move(memory);
  EXPECT_EQ(other.data()[99], std::byte{1});
}

TEST(HugeMemory, BytesInHugePagesAreReadFromTheKernel) {
  const auto before = huge_page_bytes();
  if (!before)
    GTEST_SKIP() << "this kernel has no /proc/self/smaps_rollup";
  HugeMemory memory(4 * kHugePage);
  for (std::size_t i = 0; i < memory.size(); i += 4096) memory.data()[i] = std::byte{1};
  EXPECT_LE(*huge_page_bytes(), *before + 4 * kHugePage);
}

TEST(Depot, ReusesAndEnds) {
  Depot<Policy> memory(512);
  std::set<Policy*> taken;
  while (Policy* policy = memory.take()) EXPECT_TRUE(taken.insert(policy).second);
  EXPECT_EQ(taken.size(), 512U);
  Policy* back = *taken.begin();
  memory.give(back);
  EXPECT_EQ(memory.take(), back);
  EXPECT_EQ(memory.take(), nullptr);
}

TEST(RecycledMemory, ClosedSocketsComeBackAfterAGracePeriod) {
  Depot<Socket> depot(512);
  RecycledMemory<Socket> memory(depot);
  const Online online;
  // Far more sockets than the depot has: each is closed before the next batch.
  for (int round = 0; round < 100; ++round) {
    memory.prepare();
    for (std::size_t i = 0; i < kBatch; ++i) {
      Socket* socket = memory.take();
      ASSERT_NE(socket, nullptr) << "round " << round;
      memory.retire(socket);
    }
  }
}

TEST(RecycledMemory, GracePeriodWaitsForReadersOnly) {
  // A thread that is registered and offline must not hold up the one that reclaims.
  const QsbrThread waiting;
  std::thread([] {
    Depot<Socket> depot(256);
    RecycledMemory<Socket> memory(depot);
    const Online online;
    for (int round = 0; round < 10; ++round) {
      memory.prepare();
      for (std::size_t i = 0; i < kBatch; ++i) memory.retire(memory.take());
    }
  }).join();
}

}  // namespace
}  // namespace getput::bench::netpath
