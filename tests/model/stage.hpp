// SPDX-License-Identifier: MIT
// What every scenario stands on: a module behind scheme S, its text, and the exact number of
// callers inside, which a simulation knows because it runs one thread at a time.
#pragma once

#include <optional>
#include <utility>

#include "schemes/scheme.hpp"
#include "tests/model/cell.hpp"
#include "tests/model/engine.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

/// A module: what callers call into while they hold a reference, and what the remover unmaps.
template <class S>
class Module {
 public:
  using Ticket = typename S::Ticket;

  S& scheme() { return *scheme_; }
  int inside() const { return inside_; }

  /// try_get(); counts the caller in if it was let in.
  Ticket enter(const Where& at = Where::current()) {
    const Ticket ticket = scheme_->try_get();
    if (ticket)
      let_in(at);
    return ticket;
  }

  /// get() by somebody who is inside.
  Ticket enter_again(const Ticket& held, const Where& at = Where::current()) {
    const Ticket ticket = scheme_->get(held);
    require(static_cast<bool>(ticket), "get() refused a holder", at);
    let_in(at);
    return ticket;
  }

  /// A call into the module's text.
  void call(const Where& at = Where::current()) const {
    require(text_.read(at) == kMapped, "called into unmapped text", at);
  }

  void leave(Ticket ticket) {
    --inside_;
    scheme_->put(ticket);
  }

  /// Enters, calls, leaves. False if refused.
  bool visit(const Where& at = Where::current()) {
    const Ticket ticket = enter(at);
    if (!ticket)
      return false;
    call(at);
    leave(ticket);
    return true;
  }

  // How use after unload shows; the last is the checker's own word, for the module's text.
  static constexpr const char* kLetIn = "let in after the module was unmapped";
  static constexpr const char* kRace = "DATA RACE";
  static constexpr const char* kUnsafe = "told that the module is drained while a caller is inside";

  /// For the remover, who has been told that nobody is inside.
  void unmap(const Where& at = Where::current()) {
    require(inside_ == 0, kUnsafe, at);
    text_.write(kUnmapped, at);
    mapped_ = false;
  }
  void map(const Where& at = Where::current()) {
    text_.write(kMapped, at);
    mapped_ = true;
  }

  void stop_and_unmap(const Where& at = Where::current()) {
    scheme_->stop();
    scheme_->wait_drained({});
    unmap(at);
  }

  /// As stop_and_unmap(), asking instead of waiting.
  void stop_and_unmap_when_drained(const Where& at = Where::current()) {
    scheme_->stop();
    while (!scheme_->drained()) let_others_run(at);
    unmap(at);
  }

  /// The end of the scheme itself: free(module).
  void destroy() { scheme_.reset(); }

 private:
  static constexpr int kMapped = 1;
  static constexpr int kUnmapped = 0;

  void let_in(const Where& at) {
    require(mapped_, kLetIn, at);
    ++inside_;
  }

  std::optional<S> scheme_{std::in_place};
  Plain<int> text_{kMapped};
  bool mapped_ = true;  // the simulation's knowledge, like the next
  int inside_ = 0;
};

/// Does S hand callbacks to RCU, which a thread of its own runs?
template <class S>
concept CallsRcu = requires {
  typename S::Rcu::Head;
};

/// A flag from one scenario thread to another: what came before raise() happens before what comes
/// after a true raised().
class Flag {
 public:
  void raise(const Where& at = Where::current()) {
    value_.store(1, std::memory_order_release, at);
    compiler_barrier();
  }
  bool raised(const Where& at = Where::current()) const {
    return value_.load(std::memory_order_acquire, at) != 0;
  }
  void wait(const Where& at = Where::current()) const {
    while (!raised(at)) let_others_run(at);
  }

 private:
  Atomic<std::uint32_t> value_{0};
};

/// A scenario on one module: the last of the plan's threads is the remover. Every thread is
/// registered as the scheme asks.
template <class S>
class Stage : public Scenario {
 public:
  explicit Stage(int threads) : remover_(threads - 1) {}

  void thread(int index) final {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    if (index == remover_)
      remove();
    else
      call(index);
  }

 protected:
  virtual void call(int index) = 0;
  virtual void remove() = 0;

  bool single_caller() const { return remover_ == 1; }

  Module<S> module_;

 private:
  int remover_;
};

}  // namespace getput::model
