// SPDX-License-Identifier: MIT
// What the tests of percpu_ref share: its releases are counted.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "schemes/distributed/percpu_ref.hpp"

namespace getput::contract {

class CountsReleases : public testing::Test {
 protected:
  using Ref = PercpuRef<>;

  void SetUp() override {
    released = 0;
    if (const std::string why = machine::Native::unavailable(Ref::info); !why.empty())
      GTEST_SKIP() << why;
  }
  static void on_release(Ref&) { ++released; }
  static inline std::atomic<int> released{0};
};

}  // namespace getput::contract
