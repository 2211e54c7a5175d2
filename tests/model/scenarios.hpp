// SPDX-License-Identifier: MIT
// The scenarios of every scheme: callers against a remover. Each ends an execution as a failure if
// somebody is inside when the remover is told that nobody is.
#pragma once

#include <array>

#include "tests/model/stage.hpp"

namespace getput::model {

/// Callers come and go, and ask for more while they are inside; the module is stopped and waited
/// for.
template <class S>
class NobodyInsideAfterDrain : public Stage<S> {
 public:
  explicit NobodyInsideAfterDrain(int threads, bool gets_more = S::info.get_while_going)
      : Stage<S>(threads), gets_more_(gets_more) {}
  void call(int index) override {
    auto& module = this->module_;
    const auto ticket = module.enter();
    if (!ticket)
      return;
    module.call();
    if (index == 0 && gets_more_) {
      const auto again = module.enter_again(ticket);
      module.leave(ticket);
      module.call();
      module.leave(again);
    } else {
      module.visit();
      module.leave(ticket);
    }
    module.visit();
  }
  void remove() override { this->module_.stop_and_unmap(); }
  void teardown() override {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    require(!this->module_.scheme().try_get(), "try_get succeeded on a stopped module");
    require(this->module_.scheme().count() == 0, "count() is not 0 while no reference is held");
  }

 private:
  bool gets_more_;
};

/// A holder passes his reference on while the remover sums: what a scheme without get_while_going
/// does not survive.
template <class S>
class HolderGetsMoreWhileGoing final : public NobodyInsideAfterDrain<S> {
 public:
  explicit HolderGetsMoreWhileGoing(int threads) : NobodyInsideAfterDrain<S>(threads, true) {}
};

/// As above, but the remover asks drained() instead of waiting.
template <class S>
class NobodyInsideWhenDrained final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    this->module_.visit();
    this->module_.visit();
  }
  void remove() override { this->module_.stop_and_unmap_when_drained(); }
};

/// One thread gets, another puts.
template <class S>
class HandedOver final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 0) {
      ticket_ = module.enter();
      handed_.raise();
      module.visit();
    } else {
      module.visit();
      handed_.wait();
      if (!ticket_)
        return;
      module.call();
      module.leave(ticket_);
    }
  }
  void remove() override { this->module_.stop_and_unmap(); }

 private:
  typename S::Ticket ticket_{};
  Flag handed_;
};

/// try_stop() decides; the module is loaded again after it succeeded.
template <class S>
class TryStopDecides final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    this->module_.visit();
    this->module_.visit();
  }
  void remove() override {
    auto& module = this->module_;
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (!module.scheme().try_stop()) {
        require(module.visit(), "try_get refused the remover after a try_stop() that failed");
        continue;
      }
      module.unmap();
      module.map();
      module.scheme().restart();
      let_others_run();
    }
    module.stop_and_unmap();
  }
};

/// A removal that is called off while callers are inside, with one caller after a look, and one
/// that is not.
template <class S>
class CalledOff final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    this->module_.visit();
    this->module_.visit();
  }
  void remove() override {
    auto& module = this->module_;
    module.scheme().stop();
    if (this->single_caller())
      static_cast<void>(module.scheme().drained());
    module.scheme().restart();
    let_others_run();
    module.stop_and_unmap();
  }
};

/// Unmapped, mapped again and restarted; callers of the old life may still be on their way out.
template <class S>
class LoadedAgain final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    this->module_.visit();
    this->module_.visit();
  }
  void remove() override {
    auto& module = this->module_;
    module.stop_and_unmap();
    module.map();
    module.scheme().restart();
    let_others_run();
    if (this->single_caller())
      require(module.visit(), "try_get refused the remover after its restart()");
    module.stop_and_unmap_when_drained();
  }
};

/// The remover frees the module once it is drained: the last put touches nothing of it afterwards.
template <class S>
class DestroyedAfterDrain final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    const auto ticket = this->module_.enter();
    require(static_cast<bool>(ticket), "try_get refused on a live module");
    entered_.at(static_cast<std::size_t>(index)).raise();
    this->module_.call();
    this->module_.leave(ticket);
  }
  void remove() override {
    for (const Flag& flag : entered_) flag.wait();
    this->module_.stop_and_unmap();
    this->module_.destroy();
  }

 private:
  std::array<Flag, 2> entered_;
};

/// A put is the last, is overtaken by a get that makes it not the last, and goes on when that one
/// has been put and the module destroyed. Whoever gets has let go before the end.
template <class S>
class DestroyedDuringLastPut final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 0) {
      const auto ticket = module.enter();
      entered_.raise();
      module.leave(ticket);
    } else {
      module.visit();
      visited_.raise();
    }
  }
  void remove() override {
    auto& module = this->module_;
    entered_.wait();
    module.scheme().stop();
    module.scheme().wait_drained({});
    visited_.wait();
    module.unmap();
    module.destroy();
  }

 private:
  Flag entered_;
  Flag visited_;
};

/// Two modules behind the same scheme: the removal of one refuses nobody who calls the other.
template <class S>
class TwoModules final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    if (index == 0) {
      this->module_.visit();
      this->module_.visit();
      return;
    }
    require(other_.visit() && other_.visit(), "refused by the removal of another module");
    done_.raise();
  }
  void remove() override {
    this->module_.stop_and_unmap();
    done_.wait();
    other_.stop_and_unmap();
  }

 private:
  Module<S> other_;
  Flag done_;
};

template <class S>
concept HasSession = requires {
  typename S::Session;
};

/// Callers come and go in sessions and outside; a session begins while a reference is held.
template <class S>
class VisitedInSessions final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 0) {
      {
        [[maybe_unused]] const typename S::Session session(module.scheme());
        module.visit();
        module.visit();
      }
      module.visit();
      return;
    }
    const auto ticket = module.enter();
    {
      [[maybe_unused]] const typename S::Session session(module.scheme());
      module.visit();
    }
    if (!ticket)
      return;
    module.call();
    module.leave(ticket);
  }
  void remove() override { this->module_.stop_and_unmap(); }
};

/// A caller who is inside one module visits another, by every thread: what he leaves there is not
/// what he holds here.
template <class S>
class HoldsOneVisitsOther final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    auto& module = this->module_;
    const auto ticket = module.enter();
    require(other_.visit(), "refused by the removal of another module");
    if (!ticket)
      return;
    module.call();
    module.leave(ticket);
  }
  void remove() override { this->module_.stop_and_unmap(); }

 private:
  Module<S> other_;
};

}  // namespace getput::model
