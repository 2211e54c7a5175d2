// SPDX-License-Identifier: MIT
// Scenarios that take SchemeInfo at its word: refused for certain, never spuriously, counted as
// exactly as it says.
#pragma once

#include <array>

#include "tests/model/stage.hpp"

namespace getput::model {

/// "No try_get that starts after stop() succeeds": callers who know that stop() has returned.
template <class S>
class RefusedAfterStop final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  static constexpr const char* kBroken = "try_get succeeded after stop() had returned";

  void call(int index) override {
    auto& module = this->module_;
    if (index == 0)
      module.visit();
    const bool stopped = stopped_.raised();
    const bool entered = module.visit();
    require(!(stopped && entered), kBroken);
  }
  void remove() override {
    this->module_.scheme().stop();
    stopped_.raise();
    this->module_.scheme().wait_drained({});
    this->module_.unmap();
  }

 private:
  Flag stopped_;
};

/// One caller stays inside: no attempt to remove succeeds, so no try_get may be refused, unless the
/// scheme admits spurious failures.
template <class S>
class NeverRemovedWhileHeld final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 0) {
      const auto ticket = module.enter();
      inside_.raise();
      attempts_over_.wait();
      module.call();
      module.leave(ticket);
    } else {
      inside_.wait();
      for (int i = 0; i < 2; ++i)
        require(module.visit() || S::info.spurious_failure,
                "try_get was refused though no removal can succeed");
      visits_over_.raise();
    }
  }
  void remove() override {
    auto& module = this->module_;
    inside_.wait();
    for (int i = 0; i < 2; ++i)
      require(!module.scheme().try_stop(), "try_stop() succeeded while a caller is inside");
    visits_over_.wait();
    attempts_over_.raise();
    module.stop_and_unmap();
  }

 private:
  Flag inside_;
  Flag visits_over_;
  Flag attempts_over_;
};

/// A removal that failed has been called off: the remover is let in himself.
template <class S>
class LiveAfterFailedTry final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index != 0) {
      module.visit();
      return;
    }
    const auto ticket = module.enter();
    inside_.raise();
    tried_.wait();
    module.call();
    module.leave(ticket);
  }
  void remove() override {
    auto& module = this->module_;
    inside_.wait();
    require(!module.scheme().try_stop(), "try_stop() succeeded while a caller is inside");
    require(module.visit(), "try_get refused the remover after a try_stop() that failed");
    tried_.raise();
    module.stop_and_unmap();
  }

 private:
  Flag inside_;
  Flag tried_;
};

/// A holder passes his reference on from ticket to ticket while the remover tries: one of them is
/// held at any time, so no attempt succeeds.
template <class S>
class NeverRemovedWhilePassedOn final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index != 0) {
      module.visit();
      return;
    }
    const auto ticket = module.enter();
    inside_.raise();
    const auto again = module.enter_again(ticket);
    module.leave(ticket);
    module.call();
    const auto once_more = module.enter_again(again);
    module.leave(again);
    attempts_over_.wait();
    module.call();
    module.leave(once_more);
  }
  void remove() override {
    auto& module = this->module_;
    inside_.wait();
    for (int i = 0; i < 2; ++i)
      require(!module.scheme().try_stop(), "try_stop() succeeded while a reference was passed on");
    attempts_over_.raise();
    module.stop_and_unmap();
  }

 private:
  Flag inside_;
  Flag attempts_over_;
};

/// One attempt to remove, nobody stays: if it fails, nobody may have been refused on its account. A
/// scheme that admits spurious failures must be seen to break this.
template <class S>
class NeverSpuriouslyRefused final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  static constexpr const char* kBroken = "try_get was refused, but the removal failed";

  void call(int index) override {
    for (int i = 0; i < 2; ++i) refused_ |= !this->module_.visit();
    done_.at(static_cast<std::size_t>(index)).raise();
  }
  void remove() override {
    auto& module = this->module_;
    const bool removed = module.scheme().try_stop();
    if (removed) {
      module.unmap();
      module.map();
      module.scheme().restart();
    }
    for (const Flag& flag : done_) flag.wait();
    require(removed || !refused_, kBroken);
    module.stop_and_unmap();
  }

 private:
  bool refused_ = false;
  std::array<Flag, 2> done_;
};

/// count() while a reference is held throughout, and passed from ticket to ticket.
template <class S>
class CountIsAsExactAsClaimed final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    if (index == 1) {
      module.visit();
      return;
    }
    const auto ticket = module.enter();
    inside_.raise();
    const auto again = module.enter_again(ticket);
    module.leave(ticket);
    passed_on_.raise();
    counted_.wait();
    module.leave(again);
  }
  void remove() override {
    auto& module = this->module_;
    inside_.wait();
    for (int i = 0; i < 2; ++i) {
      const std::int64_t count = module.scheme().count();
      if (S::info.count == CountExactness::not_possible)
        require(count == 0, "count() is not possible and did not return 0");
      if (S::info.count == CountExactness::exact || S::info.count == CountExactness::never_too_low)
        require(count >= 1, "count() missed a reference that was held throughout");
      if (S::info.count == CountExactness::exact)
        require(count <= 3, "count() counted references that were never held together");
    }
    counted_.raise();
    if (!S::info.get_while_going)
      passed_on_.wait();
    module.stop_and_unmap();
  }

 private:
  Flag inside_;
  Flag passed_on_;
  Flag counted_;
};

}  // namespace getput::model
