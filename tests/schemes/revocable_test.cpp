// SPDX-License-Identifier: MIT
// revocable beyond the common interface: the resource that a ticket carries.
#include "schemes/grace/revocable.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace getput {
namespace {

class RevocableTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = machine::Native::unavailable(Revocable<>::info); !why.empty())
      GTEST_SKIP() << why;
  }
};

TEST_F(RevocableTest, TicketCarriesTheResourceUntilItIsRevoked) {
  int chip = 7;
  Revocable<> revocable(&chip);
  const auto access = revocable.try_get();
  ASSERT_TRUE(static_cast<bool>(access));
  EXPECT_EQ(access.resource(), &chip);
  EXPECT_EQ(revocable.get(access).resource(), &chip);
  revocable.stop();
  EXPECT_EQ(revocable.try_get().resource(), nullptr);
  EXPECT_EQ(access.resource(), &chip) << "an access that was granted stays valid until its put";
  EXPECT_FALSE(revocable.drained());
  revocable.put(access);
  EXPECT_FALSE(revocable.drained()) << "the second access is still held";
  std::thread([&] { revocable.put(access); }).join();
  EXPECT_TRUE(revocable.drained());
  revocable.restart();
  const auto again = revocable.try_get();
  EXPECT_EQ(again.resource(), &chip);
  revocable.put(again);
}

TEST_F(RevocableTest, StandsForItselfWithoutAResource) {
  Revocable<> revocable;
  const auto access = revocable.try_get();
  EXPECT_EQ(access.resource(), &revocable);
  revocable.put(access);
}

}  // namespace
}  // namespace getput
