// SPDX-License-Identifier: MIT
// Scenarios of schemes that offer more than module get/put: percpu_ref's life as the kernel has it.
#pragma once

#include <array>
#include <concepts>

#include "tests/model/stage.hpp"

namespace getput::model {

template <class S>
concept Switches = requires(S s) {
  s.switch_to_atomic();
  s.switch_to_percpu();
};

template <class S>
concept Kills = requires(S s, typename S::Ticket t) {
  s.kill_and_confirm([] {});
  s.resurrect();
  t = s.try_get_any();
};

/// To the atomic counter and back while callers are inside: nothing is refused, nothing is lost.
template <class S>
class SwitchedWhileUsed final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    require(this->module_.visit(), "refused by a switch of modes");
    done_.at(static_cast<std::size_t>(index)).raise();
  }
  void remove() override {
    auto& scheme = this->module_.scheme();
    scheme.switch_to_atomic();
    require(scheme.count() >= 0, "count() is negative after switch_to_atomic()");
    scheme.switch_to_percpu();
    for (const Flag& flag : done_) flag.wait();
    require(scheme.count() == 0, "count() is not 0 while no reference is held");
    this->module_.stop_and_unmap();
  }

 private:
  std::array<Flag, 2> done_;
};

/// From confirm on, try_get is refused; the reference is dropped afterwards.
template <class S>
class RefusedOnceConfirmed final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    const bool known = confirmed_.raised();
    const bool entered = this->module_.visit();
    require(!(known && entered), "try_get succeeded after kill was confirmed");
  }
  void remove() override {
    auto& scheme = this->module_.scheme();
    scheme.kill_and_confirm([this, &scheme] {
      require(!scheme.is_zero(), "the initial reference was dropped before kill was confirmed");
      confirmed_.raise();
    });
    scheme.wait_drained({});
    this->module_.unmap();
  }

 private:
  Flag confirmed_;
};

/// Who holds a reference gets more of a dying object through try_get_any, and nobody at zero.
template <class S>
class DyingServesHolders final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    const auto ticket = module.enter();
    inside_.at(static_cast<std::size_t>(index)).raise();
    if (!ticket)
      return;
    const auto any = module.scheme().try_get_any();
    require(static_cast<bool>(any), "try_get_any refused a holder");
    module.scheme().put(any);
    module.call();
    module.leave(ticket);
  }
  void remove() override {
    auto& module = this->module_;
    module.scheme().kill();
    for (const Flag& flag : inside_) flag.wait();
    module.scheme().resurrect();
    module.stop_and_unmap();
    require(!module.scheme().try_get_any(), "try_get_any succeeded at zero");
  }

 private:
  std::array<Flag, 2> inside_;
};

template <class S>
concept CountsMany = requires(S s, typename S::Ticket t) {
  t = s.try_get_any_many(2);
  t = s.try_get_many(2);
  t = s.get_many(t, 2);
  s.put_many(t, 2);
};

/// Several references of one ticket are put one by one and together, across switches of the mode
/// and while going; none is lost, and the last of them is found.
template <class S>
class ManyPutPiecemeal final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    S& scheme = this->module_.scheme();
    const auto ticket = index == 0 ? scheme.try_get_many(3) : scheme.try_get_any_many(3);
    require(index != 0 || static_cast<bool>(ticket), "refused while alive");
    if (!ticket)
      return;
    if (index == 0)
      inside_.raise();
    const auto more = scheme.get_many(ticket, 2);
    scheme.put(ticket);
    scheme.put_many(more, 2);
    if (index == 0)
      switched_.wait();
    this->module_.call();
    scheme.put_many(ticket, 2);
  }
  void remove() override {
    S& scheme = this->module_.scheme();
    inside_.wait();
    scheme.switch_to_atomic();
    require(scheme.count() >= 2, "count() missed references that were held throughout");
    scheme.switch_to_percpu();
    switched_.raise();
    this->module_.stop_and_unmap();
    require(scheme.count() == 0, "count() is not 0 while no reference is held");
    require(!scheme.try_get_any_many(2), "try_get_any_many succeeded at zero");
  }

 private:
  Flag inside_;
  Flag switched_;
};

template <class S>
concept KillsAsync = requires(S s) {
  s.kill_async();
  { s.complete_kill() } -> std::same_as<bool>;
};

/// A kill that is only marked: another thread completes it, or the remover by waiting. A thread
/// that saw it confirmed is refused; the module is drained only then.
template <class S>
class KilledLater final : public Stage<S> {
 public:
  explicit KilledLater(int threads) : Stage<S>(threads) { current_ = this; }
  void call(int index) override {
    const bool known = confirmed_.raised();
    const bool entered = this->module_.visit();
    require(!(known && entered), "try_get succeeded after kill was confirmed");
    if (index == 0)
      this->module_.scheme().complete_kill();
    this->module_.visit();
  }
  void remove() override {
    S& scheme = this->module_.scheme();
    scheme.kill_async(&on_confirm);
    scheme.wait_drained({});
    require(confirms_ == 1, "kill was confirmed never, or twice");
    this->module_.unmap();
  }

 private:
  static void on_confirm(S& scheme) {
    require(!scheme.is_zero(), "the initial reference was dropped before kill was confirmed");
    ++current_->confirms_;
    current_->confirmed_.raise();
  }

  static inline KilledLater* current_ = nullptr;
  Flag confirmed_;
  int confirms_ = 0;
};

/// Brought back while the kill is pending: callers are served again, nothing is lost.
template <class S>
class ResurrectedWhilePending final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    this->module_.visit();
    if (index == 0)
      this->module_.scheme().complete_kill();
    done_.at(static_cast<std::size_t>(index)).raise();
  }
  void remove() override {
    S& scheme = this->module_.scheme();
    scheme.kill_async();
    scheme.resurrect();
    require(this->module_.visit(), "refused after the resurrection");
    for (const Flag& flag : done_) flag.wait();
    require(scheme.count() == 0, "count() is not 0 while no reference is held");
    scheme.kill_async();
    require(scheme.count() == 0, "count() counts the initial reference of a pending kill");
    scheme.wait_drained({});
    this->module_.unmap();
  }

 private:
  std::array<Flag, 2> done_;
};

template <class S>
concept Releases = requires {
  S(static_cast<typename S::Release>(nullptr));
};

/// The release function runs once, when the last of all references has been put, wherever it was
/// counted: a holder's next one may be the first that is not per CPU. It may free what all holders
/// have used.
template <class S>
class ReleasedOnce final : public Stage<S> {
 public:
  explicit ReleasedOnce(int threads) : Stage<S>(threads) { current_ = this; }
  void call(int) override {
    for (int i = 0; i < 2; ++i) {
      const auto ticket = counted_.try_get();
      if (!ticket)
        continue;
      ++inside_;
      const auto again = counted_.get(ticket);
      counted_.put(ticket);
      require(used_.read() == 1, "used after the release");
      --inside_;
      counted_.put(again);
    }
  }
  void remove() override { counted_.stop(); }
  void teardown() override { require(released_ == 1, "the release function was not run"); }

 private:
  static void on_release(S&) {
    require(current_->inside_ == 0, "released while a reference is held");
    require(++current_->released_ == 1, "released twice");
    current_->used_.write(0);
  }

  static inline ReleasedOnce* current_ = nullptr;
  S counted_{&on_release};
  Plain<int> used_{1};
  int inside_ = 0;
  int released_ = 0;
};

}  // namespace getput::model
