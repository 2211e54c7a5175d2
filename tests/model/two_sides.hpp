// SPDX-License-Identifier: MIT
// percpu_ref's modes and its life changed from two sides at once: one lock orders them, and whoever
// is second finds what the first has left.
#pragma once

#include <array>

#include "tests/model/modes.hpp"

namespace getput::model {

/// Two threads ask for different modes while a third is inside, who counts.
template <class S>
class SwitchedFromTwoSides final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    S& scheme = this->module_.scheme();
    if (index == 0) {
      scheme.switch_to_atomic();
      scheme.switch_to_percpu();
    } else {
      this->module_.visit();  // its put is one that a switch moves
      const auto ticket = this->module_.enter();
      for (int i = 0; i < 2; ++i)
        require(scheme.count() == 1, "count() depends on who is switching modes");
      this->module_.leave(ticket);
    }
    done_.at(static_cast<std::size_t>(index)).raise();
  }
  void remove() override {
    S& scheme = this->module_.scheme();
    scheme.switch_to_percpu();
    scheme.switch_to_atomic();
    for (const Flag& flag : done_) flag.wait();
    Quiet<S>(scheme).expect_count(0);
    this->module_.stop_and_unmap();
  }

 private:
  std::array<Flag, 2> done_;
};

/// The first caller switches to atomic mode and back while the remover does what he does.
template <class S>
class SwitchedFromTheSide : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) final {
    if (index != 0)
      return;
    this->module_.scheme().switch_to_atomic();
    this->module_.scheme().switch_to_percpu();
    done_.raise();
  }

 protected:
  /// Waits for the caller: what both have left is per-CPU mode.
  void expect_per_cpu_with(std::int64_t held) {
    done_.wait();
    Quiet<S> quiet(this->module_.scheme());
    quiet.expect_per_cpu();
    quiet.expect_count(held);
  }

 private:
  Flag done_;
};

template <class S>
class ResurrectedWhileSwitched final : public SwitchedFromTheSide<S> {
 public:
  using SwitchedFromTheSide<S>::SwitchedFromTheSide;
  void remove() override {
    this->module_.scheme().kill();
    this->module_.scheme().resurrect();
    this->expect_per_cpu_with(0);
    this->module_.stop_and_unmap();
  }
};

template <class S>
class TriedWhileSwitched final : public SwitchedFromTheSide<S> {
 public:
  using SwitchedFromTheSide<S>::SwitchedFromTheSide;
  void remove() override {
    S& scheme = this->module_.scheme();
    const auto held = scheme.try_get();
    require(!scheme.try_stop(), "try_stop() succeeded while a reference is held");
    this->expect_per_cpu_with(1);
    scheme.put(held);
    require(scheme.try_stop(), "try_stop() failed though nobody was inside");
    Quiet<S>(scheme).expect_dead(0);
  }
};

/// Two kill at once: the initial reference is dropped once.
template <class S>
class KilledFromTwoSides final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    if (index != 0)
      return;
    kill();
    killed_.raise();
  }
  void remove() override {
    kill();
    killed_.wait();
    require(confirmed_ == 1 && uses.warned, "kill was confirmed never, or twice");
    Quiet<S>(this->module_.scheme()).expect_dead(0);
    this->module_.unmap();
  }

 private:
  void kill() {
    uses.warning_expected = true;
    this->module_.scheme().kill_and_confirm([this] { ++confirmed_; });
  }

  Flag killed_;
  int confirmed_ = 0;  // the simulation's knowledge
};

}  // namespace getput::model
