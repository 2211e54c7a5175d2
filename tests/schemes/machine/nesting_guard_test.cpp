// SPDX-License-Identifier: MIT
#include "schemes/machine/nesting_guard.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace getput::machine {
namespace {

struct Counted {
  static constexpr const char* kGuardName = "guard of the test";
  static inline int entered = 0;
  static inline int left = 0;
  static inline bool refuses = false;

  static void enter() {
    if (refuses)
      throw std::runtime_error("no memory");
    ++entered;
  }
  static void leave() { ++left; }
};
using Guard = NestingGuard<Counted>;

TEST(NestingGuard, FirstEntersAndLastLeaves) {
  Counted::entered = Counted::left = 0;
  {
    const Guard outer;
    { const Guard inner; }
    EXPECT_EQ(Counted::entered, 1);
    EXPECT_EQ(Counted::left, 0);
  }
  EXPECT_EQ(Counted::left, 1);
}

/// A thread that could not be made known must not be taken for known by its next guard.
TEST(NestingGuard, RefusedIsNotHeld) {
  Counted::entered = Counted::left = 0;
  Counted::refuses = true;
  EXPECT_THROW({ const Guard refused; }, std::runtime_error);
  Counted::refuses = false;
  { const Guard again; }
  EXPECT_EQ(Counted::entered, 1);
  EXPECT_EQ(Counted::left, 1);
}

}  // namespace
}  // namespace getput::machine
