// SPDX-License-Identifier: MIT
// How far an operation can be held up by other threads: SchemeInfo's Progress, seen rather than
// believed. Executions are conducted (turns.hpp); every point where a thread can be frozen is
// tried.
#pragma once

#include <cstdint>

#include "tests/model/stage.hpp"
#include "tests/model/turns.hpp"

namespace getput::model {

/// What SchemeInfo makes a claim about: try_get() and get(); put(); stop() and try_stop().
enum class Side : std::uint8_t { get, put, stop };

/// Two threads on two modules of one scheme. The first does whatever disturbs the second, whose
/// operation is measured.
template <class S, Side kSide>
class Duel : public Stage<S>, protected Conductor {
 public:
  explicit Duel(int threads) : Stage<S>(threads) { turns::begin(*this, kMeasured); }

 protected:
  using Ticket = typename S::Ticket;
  static constexpr int kOther = 0;
  static constexpr int kMeasured = 1;

  S& module() { return this->module_.scheme(); }
  S& another() { return another_; }

  /// The measured thread is known to the scheme, and holds what it needs; it may hold one anyway.
  void prepare_to_be_measured() {
    visit(module());
    kind_ = kSide == Side::put ? 0 : choose(2);
    const bool needed = kSide == Side::put || (kSide == Side::get && kind_ == 1);
    if (needed || choose(2) == 1)
      held_ = module().try_get();
  }

  void operate() {
    steps_ = 0;
    measuring_ = true;
    if (kSide == Side::put)
      module().put(held_);
    else if (kSide == Side::get)
      static_cast<void>(kind_ == 0 ? module().try_get() : module().get(held_));
    else if (kind_ == 0)
      module().stop();
    else
      static_cast<void>(module().try_stop());
    measuring_ = false;
  }

  bool begun() const { return measuring_; }
  bool measuring() const { return measuring_ && self() == kMeasured; }

  /// Counts a step of the measured operation, which must come to an end.
  void count_step(const char* otherwise) { require(++steps_ <= kMost, otherwise); }

  /// One get, or the put of it.
  static void get_or_put(S& scheme, Ticket& mine, const Ticket& held = {}) {
    const Ticket before = mine;
    if (before)
      mine = {};
    else
      mine = held ? scheme.get(held) : scheme.try_get();
    if (before)
      scheme.put(before);
  }

  static void visit(S& scheme) {
    if (const auto ticket = scheme.try_get())
      scheme.put(ticket);
  }

 private:
  /// More steps than any operation has, and fewer than any disturbance that goes on could cause.
  static constexpr int kMost = 200;

  S another_;
  Ticket held_{};
  unsigned kind_ = 0;
  int steps_ = 0;
  bool measuring_ = false;
};

/// A thread freezes, for good as far as the measured one can tell, before any step of any
/// operation: of one that began before the measured one, without resistance or after much of it, or
/// of one that began when the measured one was half way. Does that still end?
template <class S, Side kSide>
class OtherIsFrozen final : public Duel<S, kSide> {
 public:
  using Base = Duel<S, kSide>;
  using Base::Base, Base::kMeasured, Base::kOther, Base::module, Base::another;
  static constexpr const char* kHeldUp = "held up by a thread that stands still";

  void remove() override {
    this->prepare_to_be_measured();
    turns::hand_over(kOther);
    for (typename S::Ticket mine{}; racing_; turns::hand_over(kOther))
      Base::get_or_put(module(), mine);
    this->operate();
    over_ = true;
    turns::hand_over(kOther);
  }

  void call(int) override {
    turns::await();
    turns::pin(kOther, choose(2));
    const unsigned deed = choose(kDeeds);
    prepare(deed);
    if (const unsigned start = choose(3); start == 2) {
      to_be_met_ = true;
      turns::hand_over(kMeasured);
    } else {
      races_left_ = start * kRaces;
    }
    may_freeze_ = !over_;
    act(deed);
    freeze();  // it has not, but the other one may end later
    turns::end();
  }

 private:
  /// More tries than anybody makes before he does something else instead.
  static constexpr unsigned kRaces = 130;
  static constexpr bool kRemoves = kSide == Side::stop;  // then there is a remover already
  // Not drained() where it only hands RCU a callback.
  static constexpr unsigned kDeeds = CallsRcu<S> ? 10 : 11;

  S& to_remove() { return kRemoves ? another() : module(); }

  void prepare(unsigned deed) {
    if (choose(2) == 1)
      Base::visit(module());  // else this thread is new to the scheme
    if (deed == 1 || deed == 2)
      mine_ = module().try_get();
    if (deed == 4)
      mine_ = another().try_get();
    if (deed >= 9 || (deed <= 5 && !kRemoves && choose(2) == 1))
      to_remove().stop();
  }

  void act(unsigned deed) {
    switch (deed) {
      case 0:
        return static_cast<void>(module().try_get());
      case 1:
        return static_cast<void>(module().get(mine_));
      case 2:
        return module().put(mine_);
      case 3:
        return static_cast<void>(another().try_get());
      case 4:
        return another().put(mine_);
      case 5:
        return static_cast<void>(module().count());
      case 6:
        return static_cast<void>(another().count());
      case 7:
        return to_remove().stop();
      case 8:
        return static_cast<void>(to_remove().try_stop());
      case 9:
        return to_remove().restart();
      default:
        return static_cast<void>(to_remove().drained());
    }
  }

  void freeze() {
    if (!may_freeze_)
      return;
    may_freeze_ = false;
    turns::hand_over(kMeasured);
  }

  void freeze_or_not() {
    if (!may_freeze_)
      return;
    if (races_left_ != 0) {
      --races_left_;
      racing_ = true;
      turns::hand_over(kMeasured);
      racing_ = false;
    } else if (choose(2) == 1) {
      freeze();
    }
  }

  void before_step() override {
    if (this->measuring()) {
      this->count_step(kHeldUp);
      if (to_be_met_ && choose(2) == 1) {
        to_be_met_ = false;
        turns::hand_over(kOther);
      }
    } else if (self() == kOther) {
      freeze_or_not();
    }
  }
  void in_vain(bool asleep) override {
    if (this->measuring()) {
      require(!asleep, kHeldUp);
      this->count_step(kHeldUp);
    } else if (self() == kOther) {
      this->begun() ? freeze() : freeze_or_not();  // the measured one does not go on by itself
    } else if (racing_) {
      turns::hand_over(kOther);
    }
  }

  typename S::Ticket mine_{};
  unsigned races_left_ = 0;
  bool to_be_met_ = false;  // by the measured one, half way
  bool over_ = false;       // the measured one is
  bool racing_ = false;     // the other one gets in the way between any two steps
  bool may_freeze_ = false;
};

/// Another thread does a whole operation between any two steps of the measured one. Does that end
/// after a bounded number of its own steps?
template <class S, Side kSide>
class OtherIsFaster final : public Duel<S, kSide> {
 public:
  using Base = Duel<S, kSide>;
  using Base::Base, Base::kMeasured, Base::kOther, Base::module;
  static constexpr const char* kDelayed = "delayed by others for as long as they go on";

  void remove() override {
    this->prepare_to_be_measured();
    turns::hand_over(kOther);
    this->operate();
    over_ = true;
    turns::hand_over(kOther);
  }

  void call(int) override {
    turns::await();
    turns::pin(kOther, choose(2));
    const unsigned deed = choose(kSide == Side::stop ? kCallersDeeds : kDeeds);
    if (deed != 0)
      Base::visit(module());
    if (deed == 2)
      held_ = module().try_get();
    while (!over_) {
      turns::hand_over(kMeasured);
      act(deed);
    }
    turns::end();
  }

 private:
  static constexpr unsigned kCallersDeeds = 4;
  static constexpr unsigned kDeeds = 6;

  void act(unsigned deed) {
    switch (deed) {
      case 0:
        return Base::visit(module());
      case 1:
        return Base::get_or_put(module(), mine_);
      case 2:
        return Base::get_or_put(module(), mine_, held_);
      case 3:
        return static_cast<void>(module().try_get());  // never the same count again
      case 4:
        going_ = !going_;
        return going_ ? module().stop() : module().restart();
      default:
        if (module().try_stop())
          module().restart();
    }
  }

  void before_step() override {
    if (!this->measuring())
      return;
    this->count_step(kDelayed);
    turns::hand_over(kOther);
  }
  void in_vain(bool) override {
    if (this->measuring())
      before_step();
    else if (self() == kOther && !over_)
      turns::hand_over(kMeasured);
  }

  typename S::Ticket mine_{};
  typename S::Ticket held_{};
  bool going_ = false;
  bool over_ = false;
};

}  // namespace getput::model
