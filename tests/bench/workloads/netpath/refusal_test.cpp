// SPDX-License-Identifier: MIT
// A module that goes while packets flow: every refused get drops its packet under the name of what
// it was to protect, and the books still balance.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <set>
#include <stop_token>
#include <string>

#include "bench/trial/seed.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"
#include "tests/bench/workloads/netpath/rig.hpp"

namespace getput::bench::netpath {
namespace {

using testing::dropped;
using testing::empty_tables;
using testing::only;
using testing::Rig;
using testing::with_policies;

/// A counter that says no: to one get in n, in no regular order, or to all. All objects share the
/// setting.
class Refusing {
 public:
  using Ticket = BoolTicket;
  static constexpr SchemeInfo info{.name = "refusing", .summary = "test", .origin = "test"};

  static inline std::atomic<std::uint64_t> every{0};  ///< 0: never; 1: always; n: one in n
  static inline std::atomic<std::uint64_t> asked{0};

  Ticket try_get() noexcept {
    const std::uint64_t n = every.load();
    if (going_.load() || (n != 0 && mix(++asked) % n == 0))
      return {};
    count_.fetch_add(1);
    return Ticket(true);
  }
  Ticket get(const Ticket&) noexcept {
    count_.fetch_add(1);
    return Ticket(true);
  }
  void put(Ticket) noexcept { count_.fetch_sub(1); }
  bool try_stop() {
    if (count_.load() != 0)
      return false;
    going_ = true;
    return true;
  }
  void stop() { going_ = true; }
  bool drained() { return count_.load() == 0; }
  void wait_drained(const std::stop_token& token) {
    while (!drained() && !token.stop_requested()) {
    }
  }
  void restart() { going_ = false; }
  std::int64_t count() const { return count_.load(); }

 private:
  std::atomic<std::int64_t> count_{0};
  std::atomic<bool> going_{false};
};
static_assert(Scheme<Refusing>);

class Refusal : public ::testing::Test {
 protected:
  void SetUp() override { set(0); }
  void TearDown() override { set(0); }
  static void set(std::uint64_t every) {
    Refusing::every = every;
    Refusing::asked = 0;
  }
  static Input mix() {
    ImixOptions options;
    options.frames = 6000;
    options.flows = 500;
    options.close_share = 0.05;
    return generate_imix(options);
  }
};

std::set<std::string> reasons(const Account& account) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    if (account.dropped[i] != 0)
      names.emplace(kDropReasonNames[i]);
  }
  return names;
}

/// Packets flow, then one get in seven is refused, then all, then none.
template <std::size_t L, Variant V = Variant{}>
Account go_and_come_back(const Input& input, const NetworkOptions& options, bool raw = false) {
  Rig<Refusing, L, V> rig(*input, options, raw);
  rig.passes();
  for (const std::uint64_t every : {7U, 1U, 0U}) {
    Refusing::every = every;
    rig.passes();
    EXPECT_EQ(rig.verdict(), "") << "every " << every;
  }
  const Account account = rig.core().account;
  EXPECT_EQ(account.received, 4 * input->frames().size());
  EXPECT_EQ(account.accounted(), account.received);
  EXPECT_EQ(rig.core().bad_passes, 0U);
  EXPECT_EQ(rig.finish(), "");
  return account;
}

TEST_F(Refusal, Level0DoesNotAsk) {
  EXPECT_TRUE(reasons(go_and_come_back<level("L0")>(mix(), only(50))).empty());
}

TEST_F(Refusal, Level3CannotCreate) {
  const Account account = go_and_come_back<level("L3")>(mix(), empty_tables());
  EXPECT_EQ(reasons(account), std::set<std::string>{"module_going_create"});
}

TEST_F(Refusal, Level5NamesEachUse) {
  const std::set<std::string> expected = {"module_going_device", "module_going_route",
                                          "module_going_neighbour", "module_going_policy",
                                          "module_going_socket"};
  EXPECT_EQ(reasons(go_and_come_back<level("L5")>(mix(), with_policies(only(50)))), expected);
  EXPECT_EQ(reasons(go_and_come_back<level("L5"), kVariants[2]>(mix(), with_policies(only(50)))),
            expected);
}

TEST_F(Refusal, Level6NamesThePacket) {
  EXPECT_EQ(reasons(go_and_come_back<level("L6")>(mix(), only(50), true)),
            std::set<std::string>{"module_going_skb"});
}

TEST_F(Refusal, Level7NamesBoth) {
  const auto names = reasons(go_and_come_back<level("L7")>(mix(), only(50)));
  EXPECT_EQ(names.count("module_going_skb"), 1U);
  EXPECT_EQ(names.count("module_going_socket"), 1U);
}

TEST_F(Refusal, AllRefusedIsAllDropped) {
  const Input input = mix();
  Rig<Refusing, level("L6")> rig(*input);
  set(1);
  const Account account = rig.passes();
  EXPECT_EQ(dropped(account, DropReason::module_going_skb), input->frames().size());
  EXPECT_EQ(account.taken(Referred::module), 0U);
  set(0);
  EXPECT_EQ(rig.finish(), "");
}

TEST_F(Refusal, SentPacketsAreFreedWithoutTheDriver) {
  const Input input = mix();
  Rig<Refusing, level("L5")> rig(*input, only(0));
  rig.poll();  // 64 packets sent, 64 completed
  rig.core().tx.abi.tail = rig.core().tx.abi.head;
  rig.passes();
  Refusing::every = 1;
  rig.poll();
  EXPECT_LT(rig.core().tx.pending(), kTxBatch);
  Refusing::every = 0;
  EXPECT_EQ(rig.finish(), "");
}

/// A put that is lost now and then: the books must say so.
class Leaking : public Refusing {
 public:
  static constexpr SchemeInfo info{.name = "leaking", .summary = "test", .origin = "test"};
  void put(Ticket ticket) noexcept {
    if (++puts_ % 1000 != 0)
      Refusing::put(ticket);
  }

 private:
  std::uint64_t puts_ = 0;
};

TEST_F(Refusal, ALostPutIsFound) {
  const Input input = mix();
  {
    Rig<Leaking, level("L5")> rig(*input);
    rig.passes();
    EXPECT_NE(rig.finish().find("do not balance"), std::string::npos);
  }
  // And the module went all the same: the next rig finds the files free.
  Rig<Refusing, level("L5")> rig(*input);
  rig.passes();
  EXPECT_EQ(rig.finish(), "");
}

}  // namespace
}  // namespace getput::bench::netpath
