// SPDX-License-Identifier: MIT
// A fibre that is suspended on one thread and resumed on another finds the thread it runs on.
#include <gtest/gtest.h>
#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "schemes/machine/annotate.hpp"
#include "schemes/machine/native.hpp"

namespace getput::machine {
namespace {

ucontext_t scheduler;
ucontext_t fibre;
std::array<std::uintptr_t, 4> found;

[[gnu::noinline]] void yield() {
  swapcontext(&fibre, &scheduler);
}

// One loop: a compiler that takes the thread pointer for a constant reads it before the first
// round.
void look_at_every_step() {
  for (std::uintptr_t& number : found) {
    number = Native::this_thread();
    yield();
  }
}

/// Runs the fibre up to its next yield(); returns the number of the thread that called.
std::uintptr_t step() {
  const std::uintptr_t mine = Native::this_thread();
  swapcontext(&scheduler, &fibre);
  return mine;
}

TEST(Fibre, FindsTheThreadThatItRunsOn) {
#if defined(GETPUT_TSAN) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "sanitizers do not follow a stack from thread to thread";
#endif
  static std::array<std::byte, std::size_t{256} << 10> stack;
  ASSERT_EQ(getcontext(&fibre), 0);
  fibre.uc_stack.ss_sp = stack.data();
  fibre.uc_stack.ss_size = stack.size();
  makecontext(&fibre, &look_at_every_step, 0);
  for (std::size_t i = 0; i < found.size(); i += 2) {
    EXPECT_EQ(step(), found[i]);
    std::thread([i] { EXPECT_EQ(step(), found[i + 1]); }).join();
    EXPECT_NE(found[i], found[i + 1]) << "the thread pointer was kept across the switch";
  }
}

}  // namespace
}  // namespace getput::machine
