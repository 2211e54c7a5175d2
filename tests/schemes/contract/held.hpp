// SPDX-License-Identifier: MIT
// A module, somebody inside it, and somebody who wants it gone: the stage of most removal checks.
#pragma once

#include <atomic>

#include "tests/schemes/contract/actor.hpp"

namespace getput::contract {

/// Holder and remover are threads of their own, because a scheme may make the remover wait and may
/// insist that the holder itself lets go.
template <class S>
struct Held {
  [[no_unique_address]] ThreadGuardFor<S> guard;  // the calling thread asks, too
  S module;
  typename S::Ticket ticket{};
  std::atomic<bool> released{true};
  Worker<S> holder{"holder of a reference"};
  Worker<S> remover{"remover"};

  Held() = default;
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (!released)
      release();
  }

  bool take() {
    holder.run([this] {
      ticket = module.try_get();
      released = !ticket;
    });
    return !released;
  }

  /// `released` is set before the put: whoever is told "drained" and then finds it false was told
  /// so while the reference was held.
  void release() {
    holder.run([this] {
      released = true;
      module.put(ticket);
    });
  }

  /// Calls stop() while the reference is held. True if it returned; a blocking scheme may instead
  /// wait in it until release().
  bool stop_returns() {
    remover.start([this] { module.stop(); });
    const bool may_wait = S::info.stop_progress == Progress::blocking;
    return remover.ends_within(may_wait ? milliseconds(30) : patience());
  }

  /// What the remover is told, asked in its own thread; true only if it was told "drained" while
  /// the reference was held. drained() may wait for the holder: then this releases it.
  bool told_drained_while_held() {
    bool lie = false;
    remover.start([this, &lie] { lie = module.drained() && !released; });
    if (!remover.ends_within(milliseconds(200)))
      release();
    remover.finish();
    return lie;
  }
};

/// drained() once nobody is inside: true at once, but a scheme that waits for a grace period may
/// need to be asked again.
template <class S>
bool says_drained(S& module) {
  if (S::info.zero != ZeroDetection::grace_period)
    return module.drained();
  return await([&module] { return module.drained(); });
}

/// stop() and wait until drained, by the calling thread; false if that does not end.
template <class S>
bool stop_and_drain(S& module, const Deadline& deadline) {
  module.stop();
  module.wait_drained(deadline.token());
  return !deadline.passed();
}

}  // namespace getput::contract
