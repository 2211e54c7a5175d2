// SPDX-License-Identifier: MIT
// Scenarios of schemes that offer sessions: gets and puts inside and outside of them, mixed.
#pragma once

#include <optional>
#include <type_traits>

#include "tests/model/stage.hpp"
#include "tests/model/uses.hpp"

namespace getput::model {

template <class S>
concept HasSessions = requires {
  typename S::Session;
};

/// Does the scheme say that what is taken in a session may be put after it?
template <class S>
concept TicketsOutliveSessions = requires {
  requires S::Session::kTicketsOutlive;
};

/// Got inside a session and given back outside, and the other way round, by two threads.
template <class S>
class SessionsAndOthers final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int index) override {
    auto& module = this->module_;
    typename S::Ticket kept;
    {
      const typename S::Session session(module.scheme());
      module.visit();
      if (index == 0)
        kept = module.enter();
    }
    if (index == 1)
      kept = module.enter();
    if (!kept)
      return;
    module.call();
    std::optional<typename S::Session> session;
    if (index == 1)
      session.emplace(module.scheme());
    const auto again = module.enter_again(kept);
    module.leave(kept);
    module.call();
    module.leave(again);
  }
  void remove() override { this->module_.stop_and_unmap(); }
  void teardown() override {
    require(this->module_.scheme().count() == 0, "count() is not 0 while no reference is held");
  }
};

/// A reference that a session took is held when another session decides about a removal.
template <class S>
class SessionsAgainstTryStop final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    auto& module = this->module_;
    typename S::Ticket kept;
    {
      const typename S::Session session(module.scheme());
      kept = module.enter();
    }
    if (!kept)
      return;
    module.call();
    module.leave(kept);
  }
  void remove() override {
    auto& module = this->module_;
    bool removed = false;
    {
      const typename S::Session session(module.scheme());
      removed = module.scheme().try_stop();
    }
    if (removed)
      module.unmap();
    else
      module.stop_and_unmap();
  }
};

/// A session spares the module's callers a lock or a section; another module's callers too, if and
/// only if the scheme says so.
template <class S>
class SessionServes final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {}
  void remove() override {
    {
      const typename S::Session session(this->module_.scheme());
      require(!enters(this->module_), "a visit in a session enters what the session has entered");
      constexpr bool all = !std::is_same_v<WideSessionFor<S>, detail::NoSession>;
      require(enters(other_) != all, "a session serves other objects, or not, than it says");
    }
    this->module_.stop_and_unmap();
  }

 private:
  static bool enters(Module<S>& module) {
    uses.entered = 0;
    module.visit();
    return (uses.entered >> self() & 1U) != 0;
  }

  Module<S> other_;
};

/// In a session everything means what it means outside, and the session holds to its end.
template <class S>
class AloneInSession final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {
    for (int i = 0; i < 2; ++i) this->module_.visit();
  }
  void remove() override {
    auto& module = this->module_;
    {
      const typename S::Session session(module.scheme());
      const auto ticket = module.enter();
      require(static_cast<bool>(ticket), "try_get refused in a session on a live module");
      require(module.scheme().count() >= 1, "count() misses what the session holds");
      require(!module.scheme().try_stop(), "try_stop() succeeded in the holder's session");
      const std::int64_t before = module.scheme().count();
      let_others_run();
      require(module.scheme().count() <= before, "others came in while the session had the lock");
      module.leave(ticket);
    }
    module.stop_and_unmap();
  }
};

}  // namespace getput::model
