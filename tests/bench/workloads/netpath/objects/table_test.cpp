// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/table.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bench/workloads/netpath/core.hpp"
#include "bench/workloads/netpath/objects/network.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {
namespace {

Socket::Key key_of(std::uint16_t port) {
  return {mapped_ipv4(1), mapped_ipv4(2), port, 53, protocol::kUdp};
}

class Online {
 public:
  Online() { thread_.online(); }

 private:
  QsbrThread thread_;
};

TEST(Table, InsertFindRemove) {
  Depot<Socket> memory(4096);
  Table<Socket> table(16);
  const Online online;
  std::vector<Socket*> all;
  for (std::uint16_t port = 0; port < 1000; ++port) {  // many more than buckets
    Socket* socket = memory.take();
    socket->key = key_of(port);
    EXPECT_EQ(table.insert(socket), socket);
    all.push_back(socket);
  }
  Socket* second = memory.take();
  second->key = key_of(7);
  EXPECT_EQ(table.insert(second), all[7]) << "a key that is taken gives what is there";
  for (std::uint16_t port = 0; port < 1000; ++port) EXPECT_EQ(table.find(key_of(port)), all[port]);
  EXPECT_EQ(table.find(key_of(1000)), nullptr);
  EXPECT_TRUE(table.remove(all[7]));
  EXPECT_FALSE(table.remove(all[7])) << "only one caller takes it out";
  EXPECT_EQ(table.find(key_of(7)), nullptr);
  std::size_t left = 0;
  table.for_each([&](Socket&) { ++left; });
  EXPECT_EQ(left, 999U);
}

/// All sockets of a table with the fewest buckets: every stripe is full of long chains.
TEST(Table, FullStripesKeepEveryObject) {
  constexpr std::uint16_t kObjects = 8192;
  Depot<Socket> memory(kObjects);
  Table<Socket> table(1);
  const Online online;
  std::vector<Socket*> all;
  for (std::uint16_t port = 0; port < kObjects; ++port) {
    all.push_back(memory.take());
    all.back()->key = key_of(port);
    ASSERT_EQ(table.insert(all.back()), all.back());
  }
  // From the middle, the beginning and the end of the chains.
  for (std::size_t i = 0; i < all.size(); i += 3) EXPECT_TRUE(table.remove(all[i]));
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(table.find(all[i]->key), i % 3 == 0 ? nullptr : all[i]);
  std::set<Socket*> visited;
  table.for_each([&](Socket& socket) { EXPECT_TRUE(visited.insert(&socket).second); });
  EXPECT_EQ(visited.size(), kObjects - (kObjects + 2) / 3);
}

TEST(Table, ForEachMayRemoveWhatItVisits) {
  Depot<Socket> memory(256);
  Table<Socket> table(1);
  const Online online;
  for (std::uint16_t port = 0; port < 200; ++port) {
    Socket* socket = memory.take();
    socket->key = key_of(port);
    table.insert(socket);
  }
  std::size_t removed = 0;
  table.for_each([&](Socket& socket) { removed += table.remove(&socket) ? 1U : 0U; });
  EXPECT_EQ(removed, 200U);
  table.for_each([&](Socket&) { FAIL() << "the table is empty"; });
}

TEST(Table, HashDerivedFromTheAddressesIsTheKeysHash) {
  const Address from = mapped_ipv4(0xc6120001U);
  const Address to = {0x20010002ULL << 32U, 7};
  const std::uint64_t addresses = hash_addresses(from, to);
  EXPECT_EQ(hash(Route::Key{to, from, 1, 8}), route_hash(addresses, 1, 8));
  EXPECT_EQ(hash(Socket::Key{from, to, 99, 53, 17}), socket_hash(addresses, 99, 53, 17));
  EXPECT_NE(addresses, hash_addresses(to, from));
}

/// The workload's own addresses must spread: at a load of at most 1/2, a random hash leaves chains
/// of 1.25 objects per successful lookup.
TEST(Table, ChainsOfTheGeneratedFlowsAreShort) {
  ImixOptions options;
  options.frames = 100;
  options.flows = 20000;
  const Input input = generate_imix(options);
  NetworkOptions network_options;
  network_options.era = Era::linux_2_6;
  const Network network(*input, network_options);
  const Online online;
  const auto mean_steps = [](const auto& table) {
    std::size_t objects = 0;
    std::size_t steps = 0;
    table.for_each([&](const auto& object) {
      ++objects;
      for (auto* at = table.bucket(hash(object.key)).load(); at != &object; at = at->next.load())
        ++steps;
      ++steps;
    });
    return static_cast<double>(steps) / static_cast<double>(objects);
  };
  EXPECT_LT(mean_steps(network.routes), 1.3);
  EXPECT_LT(mean_steps(network.sockets), 1.3);
}

/// Writers insert and remove the same few keys, recycling memory after grace periods, while readers
/// look them up: a reader finds nothing or an object with the key it asked for.
TEST(Table, ReadersAndWritersAtOnce) {
  constexpr std::uint16_t kKeys = 32;
  constexpr int kRounds = 3000;
  Depot<Socket> depot(16384);
  Table<Socket> table(1);
  std::atomic<int> writing{2};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> inserted{0};
  std::atomic<std::uint64_t> removed{0};
  const auto write = [&] {
    {
      SocketMemory memory(depot);
      QsbrThread thread;
      thread.online();
      for (int round = 0; round < kRounds; ++round) {
        memory.prepare();
        const Socket::Key key = key_of(static_cast<std::uint16_t>(round % kKeys));
        Socket* socket = memory.take();
        socket->key = key;
        if (table.insert(socket) == socket)
          ++inserted;
        else
          memory.give(socket);
        Socket* present = table.find(key);
        if (present != nullptr && table.remove(present)) {
          ++removed;
          memory.retire(present);
        }
        QsbrThread::quiescent();
      }
    }
    --writing;
  };
  const auto read = [&] {
    QsbrThread thread;
    thread.online();
    while (writing != 0) {
      for (std::uint16_t port = 0; port < kKeys; ++port) {
        const Socket* found = table.find(key_of(port));
        if (found != nullptr && !(found->key == key_of(port)))
          ++wrong;
      }
      table.for_each([&](const Socket& socket) { wrong += socket.key.protocol != 17 ? 1U : 0U; });
      QsbrThread::quiescent();
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(write);
  threads.emplace_back(write);
  threads.emplace_back(read);
  threads.emplace_back(read);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0U);
  const Online online;
  std::size_t left = 0;
  table.for_each([&](Socket&) { ++left; });
  EXPECT_EQ(inserted, removed + left);
  EXPECT_GT(removed, 0U);
}

/// Of several threads that insert the same key one succeeds, and all get its object.
TEST(Table, OneOfManyInsertersWins) {
  constexpr std::size_t kThreads = 4;
  constexpr std::uint16_t kKeys = 2000;
  Depot<Socket> depot(kThreads * 2048);
  Table<Socket> table(16);
  std::vector<std::vector<Socket*>> got(kThreads, std::vector<Socket*>(kKeys));
  std::atomic<std::size_t> won{0};
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < kThreads; ++rank) {
    threads.emplace_back([&, rank] {
      const Online online;
      for (std::uint16_t port = 0; port < kKeys; ++port) {
        Socket* socket = depot.take();
        socket->key = key_of(port);
        got[rank][port] = table.insert(socket);
        won += got[rank][port] == socket ? 1U : 0U;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, kKeys);
  for (std::size_t rank = 1; rank < kThreads; ++rank) EXPECT_EQ(got[rank], got[0]);
}

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

TEST(SocketMemory, ClosedSocketsComeBackAfterAGracePeriod) {
  Depot<Socket> depot(512);
  SocketMemory memory(depot);
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

TEST(SocketMemory, GracePeriodWaitsForReadersOnly) {
  // A thread that is registered and offline must not hold up the one that reclaims.
  const QsbrThread waiting;
  std::thread([] {
    Depot<Socket> depot(256);
    SocketMemory memory(depot);
    const Online online;
    for (int round = 0; round < 10; ++round) {
      memory.prepare();
      for (std::size_t i = 0; i < kBatch; ++i) memory.retire(memory.take());
    }
  }).join();
}

}  // namespace
}  // namespace getput::bench::netpath
