// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/skbuff.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace getput::bench::netpath {
namespace {

const RxSlot kSlot;

TEST(HeadCache, RecyclesWithoutAskingTheAllocator) {
  HeadCache cache;
  for (int round = 0; round < 1000; ++round) {
    std::vector<SkBuff*> heads;
    for (int i = 0; i < 16; ++i) heads.push_back(cache.allocate(kSlot));
    EXPECT_EQ(cache.balance(), 16);
    for (SkBuff* head : heads) cache.release(head);
  }
  EXPECT_EQ(cache.refills(), 1U);
  EXPECT_EQ(cache.flushes(), 0U);
  EXPECT_EQ(cache.balance(), 0);
}

TEST(HeadCache, LastInFirstOut) {
  HeadCache cache;
  SkBuff* first = cache.allocate(kSlot);
  cache.release(first);
  EXPECT_EQ(cache.allocate(kSlot), first);
  cache.release(first);
}

TEST(HeadCache, RefillsSixteenAndFlushesHalf) {
  HeadCache cache;
  std::vector<SkBuff*> heads;
  for (int i = 0; i < 400; ++i) heads.push_back(cache.allocate(kSlot));
  EXPECT_EQ(cache.refills(), 25U);  // 400 heads
  for (SkBuff* head : heads) cache.release(head);
  EXPECT_EQ(cache.flushes(), 2U);  // at 256, and again 128 later
}

TEST(HeadCache, HeadIsFilledAnew) {
  HeadCache cache;
  SkBuff* skb = cache.allocate(kSlot);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(skb) % 64, 0U);
  skb->next = skb;
  cache.release(skb);
  const RxSlot other;
  skb = cache.allocate(other);
  EXPECT_EQ(skb->next, nullptr);
  EXPECT_EQ(skb->original, nullptr);
  EXPECT_EQ(skb->slot, &other);
  cache.release(skb);
}

TEST(HeadCache, CloneKeepsTheOriginalsHead) {
  HeadCache cache;
  for (const bool clone_first : {false, true}) {
    SkBuff* skb = cache.allocate(kSlot);
    SkBuff* clone = cache.clone(*skb);
    SkBuff* second = cache.clone(*clone);
    EXPECT_EQ(second->original, skb);
    EXPECT_EQ(cache.balance(), 3);
    cache.release(clone_first ? clone : skb);
    // The original's head waits for its clones; a clone's head goes at once.
    EXPECT_EQ(cache.balance(), clone_first ? 2 : 3);
    cache.release(clone_first ? skb : clone);
    EXPECT_EQ(cache.balance(), 2);
    cache.release(second);
    EXPECT_EQ(cache.balance(), 0);
  }
}

}  // namespace
}  // namespace getput::bench::netpath
