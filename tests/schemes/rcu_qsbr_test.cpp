// SPDX-License-Identifier: MIT
// What rcu_qsbr adds to get and put: who holds up a removal, and who does not.
#include "schemes/grace/rcu_qsbr.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "tests/schemes/contract/held.hpp"

namespace getput {
namespace {

using contract::Actor;
using contract::milliseconds;
using contract::patience;
using Scheme = RcuQsbr<>;

/// A caller and somebody who wants the module gone.
class RcuQsbrTest : public testing::Test {
 protected:
  void remove() {
    remover_.start([this] {
      module_.stop();
      module_.wait_drained({});
    });
  }
  bool removed_within(milliseconds limit) { return remover_.ends_within(limit); }

  Scheme module_;
  contract::Worker<Scheme> caller_{"caller"};
  contract::Worker<Scheme> remover_{"remover"};
};

constexpr milliseconds kShort{30};

TEST_F(RcuQsbrTest, IdleThreadHoldsUpNobody) {
  caller_.run([this] { module_.put(module_.try_get()); });
  remove();
  EXPECT_TRUE(removed_within(patience()));
}

TEST_F(RcuQsbrTest, SessionHoldsUpRemovalUntilItEnds) {
  std::optional<Scheme::Session> session;
  caller_.run([&] { session.emplace(module_); });
  remove();
  EXPECT_FALSE(removed_within(kShort));
  caller_.run([&] { session.reset(); });
  EXPECT_TRUE(removed_within(patience()));
}

TEST_F(RcuQsbrTest, InnerSessionDoesNotEndTheOuter) {
  std::optional<Scheme::Session> outer;
  caller_.run([&] {
    outer.emplace(module_);
    const Scheme::Session inner(module_);
    module_.put(module_.try_get());
  });
  remove();
  EXPECT_FALSE(removed_within(kShort));
  caller_.run([&] { outer.reset(); });
  EXPECT_TRUE(removed_within(patience()));
}

TEST_F(RcuQsbrTest, ReferenceOutlivesSession) {
  Scheme::Ticket ticket;
  caller_.run([&] {
    ticket = module_.try_get();
    const Scheme::Session session(module_);
    module_.put(module_.try_get());
  });
  remove();
  EXPECT_FALSE(removed_within(kShort));
  caller_.run([&] { module_.put(ticket); });
  EXPECT_TRUE(removed_within(patience()));
}

TEST_F(RcuQsbrTest, QuiescentOnlyWithoutSections) {
  using Domain = machine::RcuQsbrDomain;
  caller_.run([] { Domain::read_lock(); });  // as the packet loop does: online for many packets
  Scheme::Ticket ticket;
  caller_.run([&] { ticket = module_.try_get(); });
  remove();
  caller_.run([] { Domain::quiescent(); });
  EXPECT_FALSE(removed_within(kShort));
  caller_.run([&] {
    module_.put(ticket);
    Domain::quiescent();
  });
  EXPECT_TRUE(removed_within(patience()));
  caller_.run([] { Domain::read_unlock(); });
}

}  // namespace
}  // namespace getput
