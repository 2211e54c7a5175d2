// SPDX-License-Identifier: MIT
// The stand-in for std::stop_token behaves as the standard's does where the schemes rely on it.
#include "schemes/own_stop_token.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace getput::own {
namespace {

using namespace std::chrono_literals;

TEST(OwnStopToken, EmptyTokenCannotStop) {
  const StopToken none;
  EXPECT_FALSE(none.stop_possible());
  EXPECT_FALSE(none.stop_requested());
  int calls = 0;
  const auto count = [&] { ++calls; };
  { const StopCallback<decltype(count)> callback(none, count); }
  EXPECT_EQ(calls, 0);
}

TEST(OwnStopToken, RequestIsSeenOnce) {
  StopSource source;
  const StopToken token = source.get_token();
  EXPECT_TRUE(token.stop_possible());
  EXPECT_FALSE(token.stop_requested());
  EXPECT_TRUE(source.request_stop());
  EXPECT_FALSE(source.request_stop());
  EXPECT_TRUE(token.stop_requested());
}

TEST(OwnStopToken, TokenOutlivesItsSource) {
  auto source = std::make_unique<StopSource>();
  const StopToken never = source->get_token();
  source.reset();
  EXPECT_FALSE(never.stop_possible());

  source = std::make_unique<StopSource>();
  const StopToken stopped = source->get_token();
  source->request_stop();
  source.reset();
  EXPECT_TRUE(stopped.stop_possible());
  EXPECT_TRUE(stopped.stop_requested());
}

TEST(OwnStopToken, CallsEachCallbackOnceUnlessItIsGone) {
  StopSource source;
  int first = 0, second = 0, gone = 0, late = 0;
  const auto count_first = [&] { ++first; };
  const auto count_second = [&] { ++second; };
  const auto count_gone = [&] { ++gone; };
  const auto count_late = [&] { ++late; };
  const StopCallback<decltype(count_first)> one(source.get_token(), count_first);
  std::optional<StopCallback<decltype(count_gone)>> middle(std::in_place, source.get_token(),
                                                           count_gone);
  const StopCallback<decltype(count_second)> two(source.get_token(), count_second);
  middle.reset();
  source.request_stop();
  source.request_stop();
  const StopCallback<decltype(count_late)> three(source.get_token(), count_late);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  EXPECT_EQ(gone, 0);
  EXPECT_EQ(late, 1) << "called by its constructor";
}

TEST(OwnStopToken, CallbackMayDestroyItself) {
  StopSource source;
  using Reset = void (*)(void*);
  struct Run {
    void* owner;
    Reset reset;
    void operator()() const { reset(owner); }
  };
  std::optional<StopCallback<Run>> callback;
  callback.emplace(source.get_token(),
                   Run{&callback, [](void* owner) {
                         static_cast<std::optional<StopCallback<Run>>*>(owner)->reset();
                       }});
  source.request_stop();
  EXPECT_FALSE(callback.has_value());
}

TEST(OwnStopToken, DestructorWaitsForARunningCallback) {
  StopSource source;
  std::atomic<bool> begun{false}, ended{false};
  const auto slow = [&] {
    begun = true;
    std::this_thread::sleep_for(20ms);
    ended = true;
  };
  std::optional<StopCallback<decltype(slow)>> callback(std::in_place, source.get_token(), slow);
  std::thread requester([&] { source.request_stop(); });
  while (!begun) std::this_thread::yield();
  callback.reset();
  EXPECT_TRUE(ended);
  requester.join();
}

}  // namespace
}  // namespace getput::own
