// SPDX-License-Identifier: MIT
// Scenarios of schemes that believe a zero only after some looks, which other removers of the
// process share: refcache's epochs.
#pragma once

#include <stop_token>

#include "tests/model/polls.hpp"

namespace getput::model {

/// A holder passes his reference on, maybe from CPU to CPU, while his module and another one are
/// being removed; who removes the other one has called into it and asks for counts.
template <class S>
class PassedOnAmongRemovals final : public PolledWhileHeld<S, 3> {
 public:
  using PolledWhileHeld<S, 3>::PolledWhileHeld;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 1) {
      this->other_.visit();
      module.scheme().count();
      this->other_.stop_and_unmap_when_drained();
      return;
    }
    auto ticket = module.enter();
    this->inside_.raise();
    for (int i = 0; i < 2; ++i) {
      const auto again = module.enter_again(ticket);
      module.leave(ticket);
      ticket = again;
    }
    this->polled_.wait();
    module.call();
    module.leave(ticket);
  }
};

/// Nobody is inside and nobody else removes: two looks, in every life, as many after a removal that
/// was called off, and a verdict that stands.
template <class S>
class TwoLooksAlone final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {}
  void remove() override {
    auto& scheme = this->module_.scheme();
    for (int life = 0; life < 3; ++life) {
      this->module_.visit();
      scheme.stop();
      if (life == 1) {
        scheme.restart();
        scheme.stop();
      }
      require(!scheme.drained(), "drained after one epoch, which may have been under way");
      for (int i = 0; i < 2; ++i) require(scheme.drained(), "not drained after two epochs");
      scheme.restart();
    }
  }
};

/// Nobody is inside: a callback ends a wait that is about to go to sleep.
template <class S>
class WaitedForAlone final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {}
  void remove() override {
    const std::stop_source never_asks;
    this->module_.scheme().stop();
    this->module_.scheme().wait_drained(never_asks.get_token());
  }
};

}  // namespace getput::model
