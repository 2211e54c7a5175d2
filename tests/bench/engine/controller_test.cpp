// SPDX-License-Identifier: MIT
// A controller that acts during a burst, and where the memory of the workers lies.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "bench/engine/placement.hpp"
#include "bench/engine/team.hpp"

namespace getput::bench {
namespace {

const auto count_until_over = [](WorkerContext& worker) {
  while (worker.more()) {
    worker.count(1);
  }
};

TEST(ControllerTest, ActsInEveryPhase) {
  Team team({allowed_pus().front()});
  std::vector<bool> reached;
  std::atomic<bool> at_gate{false};
  const BurstReport report = team.run_burst(
      5.0,
      [&](WorkerContext& worker) {
        while (!at_gate.load()) {  // before the gate
          sched_yield();
        }
        count_until_over(worker);
      },
      [&](ControllerContext& burst) {
        EXPECT_EQ(burst.phase(), BurstPhase::gate);
        at_gate = true;
        for (const BurstPhase phase : {BurstPhase::warm, BurstPhase::measure, BurstPhase::done}) {
          reached.push_back(burst.wait_for(phase));
        }
        EXPECT_FALSE(burst.running());
        EXPECT_FALSE(burst.wait_for(BurstPhase::cool)) << "that phase is over";
      });
  EXPECT_EQ(reached, (std::vector<bool>{true, true, true}));
  EXPECT_GT(report.ops(), 0U);
}

TEST(ControllerTest, RunsOnAThreadOfItsOwnWhereItIsTold) {
  Team team({allowed_pus().front()});
  const std::thread::id caller = std::this_thread::get_id();
  std::thread::id first;
  team.run_burst(0.2, count_until_over, [&](ControllerContext&) {
    first = std::this_thread::get_id();
    EXPECT_NE(first, caller);
    EXPECT_FALSE(allowed_pus().size() > 1 && pinned_to(allowed_pus().front()));
  });
  const unsigned pu = allowed_pus().back();
  team.run_burst(
      0.2, count_until_over,
      [&](ControllerContext&) {
        EXPECT_EQ(std::this_thread::get_id(), first) << "one thread for all bursts";
        EXPECT_TRUE(pinned_to(pu));
      },
      pu);
  team.run_burst(0.2, count_until_over, [&](ControllerContext&) {
    EXPECT_FALSE(allowed_pus().size() > 1 && pinned_to(pu)) << "and unpinned again";
  });
}

TEST(ControllerTest, AnExceptionEndsTheBurstAndReachesTheCaller) {
  Team team({allowed_pus().front()});
  EXPECT_THROW(team.run_burst(60e3, count_until_over,
                              [](ControllerContext& burst) {
                                burst.wait_for(BurstPhase::measure);
                                throw std::runtime_error("planted");
                              }),
               std::runtime_error);
  EXPECT_THROW(team.run_burst(
                   60e3, [](WorkerContext&) { throw std::runtime_error("worker"); },
                   [](ControllerContext& burst) { burst.wait_for(BurstPhase::measure); }),
               std::runtime_error);
  EXPECT_GT(team.run_burst(0.2, count_until_over).ops(), 0U) << "the team is as good as new";
}

long voluntary_switches_of(long tid) {
  std::ifstream status("/proc/self/task/" + std::to_string(tid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("voluntary_ctxt_switches:", 0) == 0) {
      return std::stol(line.substr(line.find(':') + 1));
    }
  }
  return -1;
}

TEST(ControllerTest, DoesNotWakeUpInABurstWithoutOne) {
  Team team({allowed_pus().front()});
  long tid = 0;
  team.run_burst(0.2, count_until_over, [&](ControllerContext&) { tid = syscall(SYS_gettid); });
  long before = -1;
  do {  // until it sleeps
    before = voluntary_switches_of(tid);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  } while (voluntary_switches_of(tid) != before);
  for (int i = 0; i < 20; ++i) {
    team.run_burst(0.2, count_until_over);
  }
  EXPECT_GE(before, 0);
  EXPECT_EQ(voluntary_switches_of(tid), before);
}

TEST(TeamMemoryTest, StackAndThreadLocalStorageLieOnTheNodeOfTheWorker) {
  static thread_local int local = 0;
  const std::vector<unsigned> pus = {allowed_pus().front(), allowed_pus().back()};
  for (int team_number = 0; team_number < 2; ++team_number) {  // stacks are not used again
    Team team(pus);
    team.run_task([](WorkerContext&) {
      int on_stack = 0;
      void* pages[2] = {&on_stack, &local};
      int nodes[2] = {-1, -1};
      unsigned node = 0;
      local = 1;
      if (syscall(SYS_getcpu, nullptr, &node, nullptr) != 0 ||
          syscall(SYS_move_pages, 0, 2UL, pages, nullptr, nodes, 0) != 0) {
        return;  // no NUMA here
      }
      EXPECT_EQ(nodes[0], static_cast<int>(node));
      EXPECT_EQ(nodes[1], static_cast<int>(node));
    });
  }
}

TEST(TeamMemoryTest, TheCreatorKeepsItsAffinity) {
  cpu_set_t before;
  cpu_set_t after;
  CPU_ZERO(&before);
  CPU_ZERO(&after);
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  const Team team({allowed_pus().back()});
  ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace getput::bench
