// SPDX-License-Identifier: MIT
#include "schemes/counter/shared_ptr.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <type_traits>

namespace getput {
namespace {

/// Its argument, or null if a removal failed.
void* live_often(void* argument) {
  SharedPtr<> module;
  for (int life = 0; life < 200'000; ++life) {
    if (!module.try_stop())
      return nullptr;
    module.restart();
  }
  return argument;
}

/// Each reload leaves a Life behind. The end of the object must not need a stack as deep as that.
TEST(SharedPtr, ManyLivesEndWithOneObject) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, std::size_t{512} << 10);
  pthread_t thread;
  char ok = 0;
  ASSERT_EQ(pthread_create(&thread, &small, &live_often, &ok), 0);
  void* done = nullptr;
  pthread_join(thread, &done);
  EXPECT_EQ(done, &ok) << "try_stop() failed though nobody was inside";
  pthread_attr_destroy(&small);
}

/// Two words that are passed in registers: with a flag behind, or copied as a whole, a ticket waits
/// for stores that are not forwarded.
TEST(SharedPtr, TicketIsTwoWords) {
  using Ticket = SharedPtr<>::Ticket;
  EXPECT_EQ(sizeof(Ticket), 2 * sizeof(void*));
  EXPECT_TRUE(std::is_trivially_copyable_v<Ticket>);
  EXPECT_TRUE(std::is_trivially_destructible_v<Ticket>);
}

}  // namespace
}  // namespace getput
