// SPDX-License-Identifier: MIT
// Scenarios with little going on at once: what the operations mean, what restart() hands on, what a
// scheme needs, and that callers who are refused disturb nobody.
#pragma once

#include <type_traits>

#include "tests/model/stage.hpp"
#include "tests/model/uses.hpp"

namespace getput::model {

/// One after the other: an idle module can be removed and be loaded again, a held one cannot, and
/// count() knows both.
template <class S>
class AloneAsDocumented final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {}
  void remove() override {
    auto& module = this->module_;
    for (int life = 0; life < 2; ++life) {
      expect_count(0);
      const auto ticket = module.enter();
      const auto again = module.enter_again(ticket);
      expect_count(2);
      require(!module.scheme().try_stop(), "try_stop() succeeded while a caller is inside");
      require(module.visit(), "try_get refused after a try_stop() that failed");
      module.leave(ticket);
      expect_count(1);
      module.leave(again);
      if (S::info.try_stop) {
        require(module.scheme().try_stop(), "try_stop() failed though nobody was inside");
        require(module.scheme().drained(), "not drained after try_stop() succeeded");
        refused();
        module.scheme().restart();
      } else {
        require(!module.scheme().try_stop(), "try_stop is denied, but decides");
        require(!S::info.spurious_failure, "fails during removals that are never tried");
      }
      require(module.visit(), "try_get refused on a live module");
      module.stop_and_unmap();
      refused();
      module.map();
      module.scheme().restart();
    }
    expect_count(0);
  }

 private:
  void refused() {
    require(!this->module_.visit() || !S::info.certain_after_stop, "let in after the module went");
    expect_count(0);
  }
  void expect_count(std::int64_t held) {
    const bool counts = S::info.count != CountExactness::not_possible;
    require(this->module_.scheme().count() == (counts ? held : 0),
            "count() is not what is held while nothing moves");
  }
};

/// What a scheme must be seen to do whose removal means nothing.
template <class S>
class RemovedWhileHeld final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  static constexpr const char* kNever = "not drained though nobody is inside";
  static constexpr int kLooks = 64;
  void call(int) override {}
  void remove() override {
    auto& scheme = this->module_.scheme();
    const auto ticket = scheme.try_get();
    scheme.stop();
    require(!scheme.drained(), Module<S>::kUnsafe);
    scheme.put(ticket);
    bool drained = false;
    for (int i = 0; i < kLooks && !drained; ++i) {
      drained = scheme.drained();
      let_others_run();
    }
    require(drained, kNever);
  }
};

/// count() while one stays and passes references on, and one comes and goes: off as far as claimed.
/// Who says "too low at times" may mean the time of an attempt to remove.
template <class S>
class CountIsOff final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  static constexpr const char* kLow = "count() missed a reference that was held throughout";
  static constexpr const char* kHigh = "count() counted references that were never held together";
  void call(int index) override {
    auto& module = this->module_;
    if (index == 1) {
      inside_.wait();
      kSaysLow ? look() : come_and_go();
      return;
    }
    auto ticket = module.enter();
    inside_.raise();
    for (int i = 0; i < 2; ++i) {
      const auto again = module.enter_again(ticket);
      module.leave(ticket);
      ticket = again;
    }
  }
  void remove() override {
    inside_.wait();
    if (kSaysLow)
      static_cast<void>(this->module_.scheme().try_stop());
    else
      look();
  }

 private:
  static constexpr bool kSaysLow = S::info.count == CountExactness::approximate;

  void come_and_go() {
    for (int i = 0; i < 4; ++i) this->module_.visit();
  }
  void look() {
    for (int i = 0; i < 2; ++i) {
      const std::int64_t count = this->module_.scheme().count();
      require(!kSaysLow || count >= 1, kLow);
      require(kSaysLow || count <= 3, kHigh);
    }
  }

  Flag inside_;
};

/// Who was refused and then let in knows what the remover did before restart(), though somebody was
/// inside all the time.
template <class S>
class RestartPublishes final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 0) {
      const auto ticket = module.enter();
      inside_.raise();
      over_.wait();
      module.leave(ticket);
      return;
    }
    inside_.wait();
    const bool refused = !module.visit();
    if (const auto ticket = module.enter()) {
      if (refused)
        require(note_.read() == 1, "restart() does not publish what came before it");
      module.leave(ticket);
    }
    over_.raise();
  }
  void remove() override {
    auto& scheme = this->module_.scheme();
    inside_.wait();
    scheme.stop();
    note_.write(1);
    scheme.restart();
    over_.wait();
    this->module_.stop_and_unmap();
  }

 private:
  Plain<int> note_{0};
  Flag inside_;
  Flag over_;
};

/// What the scheme says that it needs of kernel and threads is what it uses, and its constructor
/// asks whether it is there.
template <class S>
class NeedsAreAsClaimed final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    this->module_.visit();
    visited_.raise();
  }
  void remove() override {
    visited_.wait();
    if (this->module_.scheme().try_stop())
      this->module_.scheme().restart();
    this->module_.stop_and_unmap();
  }
  void teardown() override {
    constexpr SchemeInfo i = S::info;
    constexpr bool registers = !std::is_same_v<ThreadGuardFor<S>, detail::NoGuard>;
    require(i.needs_rseq == uses.rseq(), "needs_rseq is not what the scheme uses");
    require(i.needs_membarrier == uses.membarrier(), "needs_membarrier is not what it uses");
    require(i.needs_stop_machine == uses.stops_machine, "needs_stop_machine is not what it uses");
    require(i.needs_registration == registers, "needs_registration is not what it offers");
    const bool needs = i.needs_rseq || i.needs_membarrier || i.needs_stop_machine;
    require(!needs || uses.asked, "the constructor does not M::require() what the scheme needs");
  }

 private:
  Flag visited_;
};

/// Callers who come once stop() has returned are refused without a trace: nobody else is inside, so
/// the remover is not kept waiting.
template <class S>
class RefusedLeaveNoTrace final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    stopped_.wait();
    for (int i = 0; i < 2; ++i) require(!this->module_.visit(), "let in after stop()");
  }
  void remove() override {
    auto& scheme = this->module_.scheme();
    scheme.stop();
    if (!S::info.try_stop)  // needs more than a look
      scheme.wait_drained({});
    stopped_.raise();
    for (int i = 0; i < 2; ++i)
      require(scheme.drained(), "callers who are refused keep the remover from being done");
    this->module_.unmap();
  }

 private:
  Flag stopped_;
};

/// As above with a holder: the end of its put is the end of the removal, even if callers that are
/// being refused have not withdrawn.
template <class S>
class RefusedDoNotDelayTheEnd final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index != 0) {
      stopped_.wait();
      for (int i = 0; i < 2; ++i) require(!module.visit(), "let in after stop()");
      return;
    }
    const auto ticket = module.enter();
    inside_.raise();
    stopped_.wait();
    module.call();
    module.leave(ticket);
    left_.raise();
  }
  void remove() override {
    auto& scheme = this->module_.scheme();
    inside_.wait();
    scheme.stop();
    stopped_.raise();
    left_.wait();
    require(scheme.drained(), "callers that are refused hide that the last holder has left");
    this->module_.unmap();
  }

 private:
  Flag inside_;
  Flag stopped_;
  Flag left_;
};

}  // namespace getput::model
