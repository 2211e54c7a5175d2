// SPDX-License-Identifier: MIT
// What both kinds of hash tables do.
#include "bench/workloads/netpath/objects/table.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "bench/workloads/netpath/core.hpp"
#include "bench/workloads/netpath/objects/lfht_table.hpp"
#include "bench/workloads/netpath/objects/objects.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"
#include "tests/bench/workloads/netpath/objects/online.hpp"

namespace getput::bench::netpath {
namespace {

Socket::Key key_of(std::uint16_t port) {
  return {mapped_ipv4(1), mapped_ipv4(2), port, 53, protocol::kUdp};
}

template <class T>
class AnyTable : public ::testing::Test {};

struct Names {
  template <class T>
  static std::string GetName(int /*index*/) {
    return std::is_same_v<T, LfhtTable<Socket>> ? "Lfht" : "Chains";
  }
};
using Tables = testing::Types<Table<Socket>, LfhtTable<Socket>>;
TYPED_TEST_SUITE(AnyTable, Tables, Names);

TYPED_TEST(AnyTable, InsertFindRemove) {
  Depot<Socket> memory(4096);
  TypeParam table(16);
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
TYPED_TEST(AnyTable, FullStripesKeepEveryObject) {
  constexpr std::uint16_t kObjects = 8192;
  Depot<Socket> memory(kObjects);
  TypeParam table(1);
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

TYPED_TEST(AnyTable, ForEachMayRemoveWhatItVisits) {
  Depot<Socket> memory(256);
  TypeParam table(1);
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

/// Writers insert and remove the same few keys, recycling memory after grace periods, while readers
/// look them up: a reader finds nothing or an object with the key it asked for.
TYPED_TEST(AnyTable, ReadersAndWritersAtOnce) {
  constexpr std::uint16_t kKeys = 32;
  constexpr int kRounds = 3000;
  Depot<Socket> depot(16384);
  TypeParam table(1);
  std::atomic<int> writing{2};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> inserted{0};
  std::atomic<std::uint64_t> removed{0};
  const auto write = [&] {
    {
      RecycledMemory<Socket> memory(depot);
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
TYPED_TEST(AnyTable, OneOfManyInsertersWins) {
  constexpr std::size_t kThreads = 4;
  constexpr std::uint16_t kKeys = 2000;
  Depot<Socket> depot(kThreads * 2048);
  TypeParam table(16);
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

/// Of an empty bucket, of one with objects, of any hash.
TYPED_TEST(AnyTable, PrefetchChangesNothing) {
  Depot<Socket> memory(256);
  TypeParam table(16);
  const Online online;
  Socket* socket = memory.take();
  socket->key = key_of(1);
  ASSERT_EQ(table.insert(socket), socket);
  for (std::uint16_t port = 0; port < 100; ++port) {
    table.prefetch_bucket(hash(key_of(port)));
    table.prefetch_object(hash(key_of(port)));
    table.prefetch_object(hash(key_of(port)), sizeof(Socket));
    EXPECT_EQ(table.find(key_of(port)), port == 1 ? socket : nullptr);
  }
}

/// The objects are not the table's: it may end before them.
TYPED_TEST(AnyTable, EndsWithObjectsInIt) {
  Depot<Socket> memory(256);
  for (int round = 0; round < 3; ++round) {
    TypeParam table(16);
    const Online online;
    for (std::uint16_t port = 0; port < 20; ++port) {
      Socket* socket = memory.take();
      socket->key = key_of(port);
      ASSERT_EQ(table.insert(socket), socket);
    }
  }
}

/// Objects whose hashes are all the same: only their keys tell them apart.
struct Alike {
  struct Key {
    std::uint32_t number = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  TableLink<Alike> link;
  Key key;
};
constexpr std::uint64_t hash(const Alike::Key& /*key*/) noexcept {
  return 7;
}

template <class T>
class TableOfOneHash : public ::testing::Test {};
struct NamesOfOneHash {
  template <class T>
  static std::string GetName(int /*index*/) {
    return std::is_same_v<T, LfhtTable<Alike>> ? "Lfht" : "Chains";
  }
};
using TablesOfOneHash = testing::Types<Table<Alike>, LfhtTable<Alike>>;
TYPED_TEST_SUITE(TableOfOneHash, TablesOfOneHash, NamesOfOneHash);

TYPED_TEST(TableOfOneHash, ComparesKeys) {
  Depot<Alike> memory(256);
  TypeParam table(16);
  const Online online;
  std::vector<Alike*> all;
  for (std::uint32_t number = 0; number < 100; ++number) {
    all.push_back(memory.take());
    all.back()->key = {number};
    ASSERT_EQ(table.insert(all.back()), all.back());
  }
  for (std::uint32_t number = 0; number < 100; number += 2) EXPECT_TRUE(table.remove(all[number]));
  for (std::uint32_t number = 0; number < 100; ++number)
    EXPECT_EQ(table.find({number}), number % 2 == 0 ? nullptr : all[number]);
}

}  // namespace
}  // namespace getput::bench::netpath
