// SPDX-License-Identifier: MIT
// Scenarios of a remover who asks drained() again and again while somebody is inside: for schemes
// that need several looks to be sure.
#pragma once

#include <stop_token>

#include "tests/model/stage.hpp"

namespace getput::model {

/// Who is inside lets go only after kPolls looks, none of which may find the module unused.
template <class S, int kPolls>
class PolledWhileHeld : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void remove() final {
    auto& module = this->module_;
    inside_.wait();
    module.scheme().stop();
    for (int i = 0; i < kPolls; ++i) require(!module.scheme().drained(), Module<S>::kUnsafe);
    polled_.raise();
    while (!module.scheme().drained()) let_others_run();
    module.unmap();
  }

 protected:
  Module<S> other_;
  Flag inside_;
  Flag polled_;
};

/// More looks than any scheme needs, without a pause; somebody else calls another module meanwhile.
template <class S>
class HeldWhilePolled final : public PolledWhileHeld<S, 8> {
 public:
  using PolledWhileHeld<S, 8>::PolledWhileHeld;
  void call(int index) override {
    auto& module = this->module_;
    if (index != 0) {
      this->other_.visit();
      return;
    }
    const auto ticket = module.enter();
    this->inside_.raise();
    this->polled_.wait();
    module.call();
    module.leave(ticket);
  }
};

/// The first looks see the reference; then its holder passes it on, maybe from CPU to CPU, while
/// the remover looks once more, and keeps what he has got.
template <class S>
class PassedOnBetweenPolls final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index != 0)
      return;
    const auto ticket = module.enter();
    inside_.raise();
    polled_.wait();
    const auto again = module.enter_again(ticket);
    module.leave(ticket);
    polled_again_.wait();
    module.call();
    module.leave(again);
  }
  void remove() override {
    auto& module = this->module_;
    inside_.wait();
    module.scheme().stop();
    for (int i = 0; i < kPolls; ++i) require(!module.scheme().drained(), Module<S>::kUnsafe);
    polled_.raise();
    require(!module.scheme().drained(), Module<S>::kUnsafe);
    polled_again_.raise();
    while (!module.scheme().drained()) let_others_run();
    module.unmap();
  }

 private:
  static constexpr int kPolls = 2;

  Flag inside_;
  Flag polled_;
  Flag polled_again_;
};

/// Somebody who has never been here gets a reference of his own from a holder, who then leaves.
template <class S>
class GotByNewcomer final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 0) {
      ticket_ = module.enter();
      inside_.raise();
      got_.wait();
      module.leave(ticket_);
      left_.raise();
      return;
    }
    inside_.wait();
    const auto mine = module.enter_again(ticket_);
    got_.raise();
    polled_.wait();
    module.call();
    module.leave(mine);
  }
  void remove() override {
    auto& module = this->module_;
    inside_.wait();
    module.scheme().stop();
    left_.wait();
    for (int i = 0; i < kPolls; ++i) require(!module.scheme().drained(), Module<S>::kUnsafe);
    polled_.raise();
    while (!module.scheme().drained()) let_others_run();
    module.unmap();
  }

 private:
  static constexpr int kPolls = 2;

  typename S::Ticket ticket_{};
  Flag inside_;
  Flag got_;
  Flag left_;
  Flag polled_;
};

/// Unmapped, mapped again, restarted and stopped with a caller inside: what the remover found in
/// the first life says nothing about the second.
template <class S>
class HeldInSecondLife final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    module.visit();
    if (index != 0)
      return;
    loaded_again_.wait();
    const auto ticket = module.enter();
    require(static_cast<bool>(ticket), "try_get refused on a live module");
    inside_.raise();
    polled_.wait();
    module.call();
    module.leave(ticket);
  }
  void remove() override {
    auto& module = this->module_;
    module.stop_and_unmap();
    module.map();
    module.scheme().restart();
    loaded_again_.raise();
    inside_.wait();
    module.scheme().stop();
    require(!module.scheme().drained(), Module<S>::kUnsafe);
    polled_.raise();
    while (!module.scheme().drained()) let_others_run();
    module.unmap();
  }

 private:
  Flag loaded_again_;
  Flag inside_;
  Flag polled_;
};

/// Attempts to remove until one succeeds, while a holder passes his reference on and leaves.
template <class S>
class TriedUntilPassedOn final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    auto& module = this->module_;
    const auto ticket = module.enter();
    if (!ticket)
      return;
    const auto again = module.enter_again(ticket);
    module.leave(ticket);
    module.call();
    module.leave(again);
  }
  void remove() override {
    while (!this->module_.scheme().try_stop()) let_others_run();
    this->module_.unmap();
  }
};

/// Two modules behind the same scheme are removed at the same time.
template <class S>
class TwoRemovers final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    if (index == 0) {
      other_.visit();
      this->module_.visit();
      other_.visit();
    } else if (!S::info.try_stop) {
      other_.stop_and_unmap();
    } else {
      while (!other_.scheme().try_stop()) let_others_run();
      other_.unmap();
    }
  }
  void remove() override {
    auto& module = this->module_;
    for (int i = 0; i < 3; ++i)
      if (module.scheme().try_stop())
        module.scheme().restart();
    module.stop_and_unmap();
  }

 private:
  Module<S> other_;
};

/// One of two modules behind the same scheme is destroyed, at once if its last put need not be
/// over; the other goes on and is removed: nothing that callers leave behind leads to the one that
/// is gone.
template <class S>
class OneOfTwoDestroyed final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    if (index != 0) {
      other_.visit();
      other_.visit();
      return;
    }
    const auto ticket = this->module_.enter();
    asked_.raise();
    if (ticket)
      this->module_.leave(ticket);
    left_.raise();
  }
  void remove() override {
    this->module_.stop_and_unmap();
    asked_.wait();
    if (!S::info.destroy_when_drained)
      left_.wait();
    this->module_.destroy();
    other_.stop_and_unmap();
  }

 private:
  Module<S> other_;
  Flag asked_;
  Flag left_;
};

/// Waiting with a token that might ask to stop, first one that has asked while somebody is inside:
/// the wait ends, the removal is looked at and called off; then one that never asks.
template <class S>
class WaitedForWithToken final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    auto& module = this->module_;
    const auto ticket = module.enter();
    inside_.raise();
    given_up_.wait();
    module.call();
    module.leave(ticket);
    module.visit();
  }
  void remove() override {
    auto& module = this->module_;
    inside_.wait();
    std::stop_source asked;
    asked.request_stop();
    module.scheme().stop();
    module.scheme().wait_drained(asked.get_token());
    require(!module.scheme().drained(), Module<S>::kUnsafe);
    module.scheme().restart();
    given_up_.raise();
    const std::stop_source never_asks;
    module.scheme().stop();
    module.scheme().wait_drained(never_asks.get_token());
    module.unmap();
  }

 private:
  Flag inside_;
  Flag given_up_;
};

}  // namespace getput::model
