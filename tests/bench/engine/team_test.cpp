// SPDX-License-Identifier: MIT
#include "bench/engine/team.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "bench/engine/placement.hpp"

namespace getput::bench {
namespace {

std::vector<unsigned> some_pus() {
  std::vector<unsigned> pus = allowed_pus();
  pus.resize(std::min<std::size_t>(pus.size(), 4));
  return pus;
}

TEST(TeamTest, EachThreadRunsWhereItWasPinned) {
  Team team(some_pus());
  std::vector<int> cpus(team.size(), -1);
  team.run_task([&](WorkerContext& worker) {
    EXPECT_EQ(worker.pu(), team.pus()[worker.rank()]);
    EXPECT_TRUE(pinned_to(worker.pu()));
    cpus[worker.rank()] = sched_getcpu();
  });
  for (unsigned rank = 0; rank < team.size(); ++rank) {
    EXPECT_EQ(cpus[rank], static_cast<int>(team.pus()[rank]));
  }
  EXPECT_FALSE(pinned_to(team.pus()[0]) && allowed_pus().size() > 1) << "the caller is not pinned";
}

TEST(TeamTest, BurstCountsOnlyTheWindowInWhichAllWork) {
  Team team(some_pus());
  std::vector<std::uint64_t> all(team.size());
  const BurstReport report = team.run_burst(1.0, [&](WorkerContext& worker) {
    while (worker.more()) {
      all[worker.rank()] += 10;
      worker.count(10);
    }
  });
  ASSERT_EQ(report.workers.size(), team.size());
  for (const WorkerReport& worker : report.workers) {
    EXPECT_GT(worker.ops, 0U);
    EXPECT_EQ(worker.ops % 10, 0U);
    EXPECT_LT(worker.ops, all[worker.rank]) << "the warm and cool phases are not counted";
    EXPECT_LE(worker.active_begin, worker.begin);
    EXPECT_LT(worker.begin, worker.end);
    EXPECT_LE(worker.end, worker.active_end);
    EXPECT_TRUE(worker.stayed);
    if (report.involuntary_switches() == 0) {  // one that comes late has a short window
      EXPECT_GE(Clock::instance().ns(worker.end - worker.begin), 0.5e6);
    }
    EXPECT_GT(worker.ns_per_op(), 0.0);
  }
  EXPECT_GE(report.overlap(), 0.99);
  EXPECT_GT(report.mean_ns_per_op(), 0.0);
}

TEST(TeamTest, SlowThreadsHaveAWindowToo) {
  Team team(some_pus());
  // One batch takes longer than the burst: every thread still measures at least one.
  const BurstReport report = team.run_burst(0.2, [&](WorkerContext& worker) {
    const Clock& clock = Clock::instance();
    while (worker.more()) {
      const Clock::Ticks until = clock.now() + clock.ticks(1e6 * (1 + worker.rank()));
      while (clock.now() < until) {
      }
      worker.count(1);
    }
  });
  for (const WorkerReport& worker : report.workers) {
    EXPECT_GE(worker.ops, 1U);
  }
  EXPECT_GE(report.overlap(), 0.99);
}

TEST(TeamTest, ManyBurstsOneAfterTheOther) {
  Team team(some_pus());
  for (int i = 0; i < 50; ++i) {
    const BurstReport report = team.run_burst(0.05, [](WorkerContext& worker) {
      while (worker.more()) {
        worker.count(1);
      }
    });
    EXPECT_GT(report.ops(), 0U);
  }
}

TEST(TeamTest, AnExceptionEndsTheBurstAndReachesTheCaller) {
  Team team(some_pus());
  const unsigned thrower = team.size() - 1;
  EXPECT_THROW(team.run_burst(1.0,
                              [&](WorkerContext& worker) {
                                while (worker.more()) {
                                  if (worker.rank() == thrower) {
                                    throw std::runtime_error("planted");
                                  }
                                }
                              }),
               std::runtime_error);
  EXPECT_THROW(team.run_burst(1.0,
                              [&](WorkerContext& worker) {
                                if (worker.rank() == thrower) {
                                  throw std::runtime_error("before the gate");
                                }
                                while (worker.more()) {
                                }
                              }),
               std::runtime_error);
  EXPECT_THROW(team.run_burst(1.0, [](WorkerContext&) {}), std::logic_error);
  // And the team is as good as new.
  int tasks = 0;
  team.run_task([&](WorkerContext& worker) { tasks += worker.rank() == 0 ? 1 : 0; });
  EXPECT_EQ(tasks, 1);
}

TEST(TeamTest, TasksStopWhenTheControllerReturns) {
  Team team(some_pus());
  std::atomic<unsigned> running{0};
  std::atomic<unsigned> ended{0};
  team.run_task(
      [&](WorkerContext& worker) {
        running.fetch_add(1);
        while (!worker.stopped()) {
        }
        ended.fetch_add(1);
      },
      [&] {
        while (running.load() != team.size()) {
          sched_yield();
        }
        EXPECT_EQ(ended.load(), 0U);
      });
  EXPECT_EQ(ended.load(), team.size());
  EXPECT_THROW(team.run_task(
                   [](WorkerContext& worker) {
                     while (!worker.stopped()) {
                     }
                   },
                   [] { throw std::runtime_error("controller"); }),
               std::runtime_error);
}

TEST(TeamTest, ReportsWhatTheKernelCounted) {
  Team team(some_pus());
  const BurstReport report = team.run_burst(5.0, [](WorkerContext& worker) {
    bool slept = false;
    while (worker.more()) {
      worker.count(1);
      if (worker.measuring() && !std::exchange(slept, true)) {
        std::this_thread::sleep_for(std::chrono::microseconds(500));
      }
    }
  });
  for (const WorkerReport& worker : report.workers) {
    EXPECT_GE(worker.usage.voluntary_switches, 1);
    EXPECT_GE(worker.usage.minor_faults, 0);
    EXPECT_EQ(worker.usage.run_wait_ns.has_value(),
              std::ifstream("/proc/thread-self/schedstat").is_open());
    EXPECT_GE(worker.usage_ticks, worker.end - worker.begin);
  }
  EXPECT_GE(report.workers[0].clock_gaps, 1U) << "rank 0 slept between two readings";
  EXPECT_GE(Clock::instance().ns(report.workers[0].longest_gap), 4e5);
}

TEST(TeamTest, SeesASwitchBetweenTwoWindows) {
  if (allowed_pus().size() < 2) {
    GTEST_SKIP() << "one CPU allowed";
  }
  Team team({allowed_pus()[0], allowed_pus()[1]});
  // Rank 1 gives its CPU away after the first batch, in the warm phase: rank 0 may be in its window
  // meanwhile.
  const BurstReport report = team.run_burst(2.0, [](WorkerContext& worker) {
    unsigned batches = 0;
    while (worker.more()) {
      worker.count(1);
      if (worker.rank() == 1 && ++batches == 2) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  });
  EXPECT_GE(report.workers[1].usage.voluntary_switches, 1);
}

TEST(TeamTest, GateHoldsUntilAllAreThere) {
  Team team(some_pus());
  std::atomic<unsigned> arrived{0};
  std::atomic<bool> early{false};
  team.run_task([&](WorkerContext& worker) {
    for (unsigned round = 1; round <= 100; ++round) {
      arrived.fetch_add(1);
      worker.gate();
      if (arrived.load() < round * worker.size()) {
        early = true;
      }
      worker.gate();
    }
  });
  EXPECT_FALSE(early);
}

TEST(TeamTest, APinThatFailsIsFatalAndNamesTheCpu) {
  constexpr unsigned kNoSuchCpu = 60'000;
  try {
    const Team team({allowed_pus().front(), kNoSuchCpu});
    FAIL() << "a team on a CPU that is not there";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("60000"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace getput::bench
