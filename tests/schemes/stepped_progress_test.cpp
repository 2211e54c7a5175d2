// SPDX-License-Identifier: MIT
// How far an operation can be held up, of schemes that are other people's libraries: between any
// two instructions of one thread, another does a whole operation. If that cannot end, its side is
// blocking; if the first does not end as long as that goes on, its side is not wait-free. What
// tests/model/progress.hpp shows of the others, with fewer places to freeze at: not inside what the
// first thread does only when it has met with resistance.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "schemes/counter/shared_ptr.hpp"
#include "schemes/grace/ck_epoch.hpp"
#include "schemes/grace/hazard_pointer.hpp"
#include "schemes/lock/ck_brlock.hpp"
#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/stepper.hpp"

namespace getput {
namespace {

using contract::milliseconds;
using contract::Stepper;
using contract::Worker;

enum Side : std::size_t { kGet, kPut, kStop, kNotClaimed, kIdle };

/// What has been seen of each side. Ordered as Progress: the worst counts.
class Seen {
 public:
  Progress of(Side side) const { return seen_[side]; }
  void note(Side side, Progress progress) { seen_[side] = std::max(seen_[side], progress); }
  bool is_blocking(Side side) const { return seen_[side] == Progress::blocking; }

 private:
  std::array<Progress, 5> seen_{};  // wait_free
};

enum class Deed { try_get, get, put, last_put, stop, try_stop, drained };
/// Of the other one; who hoards only gets, so that no count comes back to what it was.
enum class Pastime { get_and_put, get_more_and_put, hoard, stop_and_restart, try_stop };

template <class S>
class Duel {
 public:
  Duel(Seen& seen, Deed deed, Pastime pastime) : seen_(seen), deed_(deed), pastime_(pastime) {}

  void run() {
    hoard_.reserve(kMostSteps + 10);
    other_.run([this] {
      pass_time();  // known to the scheme
      pass_time();
      if (pastime_ == Pastime::get_more_and_put)
        held_ = module_.try_get();
    });
    victim_.run([this] { prepare(); });
    going_ = deed_ == Deed::last_put;
    other_.start([this] { pass_time_when_asked(); });
    victim_.run([this] {
      Stepper::run([this] { act(); }, [this] { return ask_for_one(); });
      over_ = true;
      asked_.fetch_add(1);
      asked_.notify_one();
    });
    other_.finish();
    if (delayed_)
      seen_.note(side(), Progress::lock_free);
    victim_.run([this] {
      if (mine_)
        module_.put(mine_);
      if (more_)
        module_.put(more_);
    });
    other_.run([this] {
      hoard_.insert(hoard_.end(), {passing_, held_});
      for (const auto& ticket : hoard_)
        if (ticket)
          module_.put(ticket);
    });
  }

 private:
  static constexpr int kMostSteps = 3000;

  bool removes() const { return deed_ >= Deed::stop; }
  Side side() const {
    if (deed_ == Deed::drained)
      return kNotClaimed;
    return deed_ <= Deed::get ? kGet : deed_ <= Deed::last_put ? kPut : kStop;
  }
  S& to_remove() { return removes() ? another_ : module_; }

  // The one that is stepped through.

  void prepare() {
    if (const auto ticket = module_.try_get())
      module_.put(ticket);
    if (deed_ == Deed::get || deed_ == Deed::put || deed_ == Deed::last_put)
      mine_ = module_.try_get();
    if (deed_ == Deed::put)
      more_ = module_.get(mine_);
    if (deed_ == Deed::last_put || deed_ == Deed::drained)
      module_.stop();
  }

  void act() {
    switch (deed_) {
      case Deed::try_get:
        mine_ = module_.try_get();
        return;
      case Deed::get:
        more_ = module_.get(mine_);
        return;
      case Deed::put:
      case Deed::last_put: {
        const auto ticket = mine_;
        mine_ = {};
        return module_.put(ticket);
      }
      case Deed::stop:
        return module_.stop();
      case Deed::try_stop:
        return static_cast<void>(module_.try_stop());
      case Deed::drained:
        return static_cast<void>(module_.drained());
    }
  }

  /// In the signal handler. False if there is nothing more to see.
  bool ask_for_one() {
    delayed_ = ++steps_ > kMostSteps;
    if (delayed_ || blocked_)
      return false;
    const int before = done_.load();
    asked_.fetch_add(1);
    asked_.notify_one();
    const auto begin = contract::Clock::now();
    for (int looks = 0; done_.load() == before; ++looks) {
      if (looks % 64 == 63)
        std::this_thread::yield();
      // Long, because it may only not be running; short where the answer is known.
      const Side doing = doing_;
      const milliseconds patience(seen_.is_blocking(doing) ? 20 : 2000);
      if (doing == kIdle || contract::Clock::now() - begin < patience)
        continue;
      blocked_ = true;
      seen_.note(doing, Progress::blocking);
      return false;
    }
    return true;
  }

  // The other one.

  void pass_time_when_asked() {
    for (int known = 0; !over_;) {
      asked_.wait(known);
      known = asked_.load();
      if (!over_)
        pass_time();
      doing_ = kIdle;
      done_.fetch_add(1);
    }
  }

  void pass_time() {
    const bool removes_now = pastime_ >= Pastime::stop_and_restart;
    doing_ = removes_now ? kStop : passing_ ? kPut : kGet;
    if (removes_now && going_) {
      doing_ = kNotClaimed;
      going_ = false;
      to_remove().restart();
    } else if (pastime_ == Pastime::stop_and_restart) {
      going_ = true;
      to_remove().stop();
    } else if (pastime_ == Pastime::try_stop) {
      going_ = to_remove().try_stop();
    } else if (pastime_ == Pastime::hoard) {
      hoard_.push_back(module_.try_get());
    } else if (passing_) {
      const auto ticket = passing_;
      passing_ = {};
      module_.put(ticket);
    } else {
      passing_ = held_ ? module_.get(held_) : module_.try_get();
    }
  }

  Seen& seen_;
  const Deed deed_;
  const Pastime pastime_;
  S module_;
  S another_;
  typename S::Ticket mine_{};
  typename S::Ticket more_{};
  typename S::Ticket held_{};
  typename S::Ticket passing_{};
  std::vector<typename S::Ticket> hoard_;
  std::atomic<int> asked_{0};
  std::atomic<int> done_{0};
  std::atomic<bool> over_{false};
  bool going_ = false;
  bool delayed_ = false;
  bool blocked_ = false;
  int steps_ = 0;
  std::atomic<Side> doing_{kIdle};
  Worker<S> victim_{"stepped thread"};
  Worker<S> other_{"other thread"};
};

/// Every deed against every pastime. @p removers: those whose remover can be stepped through.
template <class S>
Seen look_at(bool removers) {
  Seen seen;
  for (const Deed deed : {Deed::try_get, Deed::get, Deed::put, Deed::last_put, Deed::stop,
                          Deed::try_stop, Deed::drained})
    for (const Pastime pastime : {Pastime::get_and_put, Pastime::get_more_and_put, Pastime::hoard,
                                  Pastime::stop_and_restart, Pastime::try_stop})
      if (removers || (deed < Deed::stop && pastime != Pastime::try_stop))
        Duel<S>(seen, deed, pastime).run();
  return seen;
}

bool cannot_step() {
  int steps = 0;
  Stepper::run([] {}, [&steps] { return ++steps < 10; });
  return steps == 0;
}
constexpr const char* kWhyNot = "threads cannot be stepped through here";

// Its try_stop() waits for a last put that is half way, which came to be the last while try_stop()
// was half way itself: two threads would have to be stepped through.
TEST(SteppedProgress, SharedPtr) {
  if (cannot_step())
    GTEST_SKIP() << kWhyNot;
  const Seen seen = look_at<SharedPtr<>>(true);
  EXPECT_EQ(seen.of(kGet), SharedPtr<>::info.get_progress);
  EXPECT_EQ(seen.of(kPut), SharedPtr<>::info.put_progress);
}

template <class S>
void expect_as_claimed() {
  if (cannot_step())
    GTEST_SKIP() << kWhyNot;
  const Seen seen = look_at<S>(true);
  EXPECT_EQ(seen.of(kGet), S::info.get_progress);
  EXPECT_EQ(seen.of(kPut), S::info.put_progress);
  EXPECT_EQ(seen.of(kStop), S::info.stop_progress);
}
TEST(SteppedProgress, CkBrlock) {
  expect_as_claimed<CkBrlock<>>();
}
TEST(SteppedProgress, CkEpoch) {
  expect_as_claimed<CkEpoch<>>();
}

// Its remover makes a thread, with signals blocked: not to be stepped through. And its get starts
// over only if the module goes and comes back at the right two places each time.
TEST(SteppedProgress, HazardPointer) {
  if (cannot_step())
    GTEST_SKIP() << kWhyNot;
  const Seen seen = look_at<HazardPointer<>>(false);
  EXPECT_LE(seen.of(kGet), HazardPointer<>::info.get_progress);
  EXPECT_EQ(seen.of(kPut), HazardPointer<>::info.put_progress);
}

}  // namespace
}  // namespace getput
