// SPDX-License-Identifier: MIT
// fork(): the child has a module of its own that works, and what it does there is not counted in
// the parent. (Per-CPU memory shared between the two would count twice.)
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/basics.hpp"

namespace getput::contract {

/// What the child found, as its exit status.
enum ForkStatus : int { kForkFine = 0, kForkRefused, kForkCount, kForkNotDrained, kForkLateGet };

template <class S>
int child_of_fork(S& module, const typename S::Ticket& inherited) {
  for (long i = 0; i < 1000; ++i) {
    const auto ticket = module.try_get();
    if (!ticket)
      return kForkRefused;
    module.put(ticket);
  }
  if (module.count() != (counts<S>() ? 1 : 0))
    return kForkCount;
  module.put(inherited);
  // A grace period needs threads of the library that do not exist in the child.
  if (!S::info.removal || S::info.zero == ZeroDetection::grace_period)
    return kForkFine;
  module.stop();
  if (!module.drained())
    return kForkNotDrained;
  return module.try_get() ? kForkLateGet : kForkFine;
}

template <class S>
Verdict fork_keeps_counts_apart() {
  if (kTsan)
    return untestable("ThreadSanitizer does not follow fork()");
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S module;
  const auto ticket = module.try_get();
  GETPUT_REQUIRE(static_cast<bool>(ticket), "try_get refused on a live module");
  const pid_t child = fork();
  if (child < 0)
    return untestable("fork() is refused here");
  if (child == 0)
    _exit(child_of_fork(module, ticket));
  int status = -1;
  waitpid(child, &status, 0);
  GETPUT_REQUIRE(WIFEXITED(status),
                 "the child of fork() was killed by signal " + std::to_string(WTERMSIG(status)));
  GETPUT_REQUIRE(WEXITSTATUS(status) == kForkFine,
                 "after fork() the module does not work in the child; step " +
                     std::to_string(WEXITSTATUS(status)));
  GETPUT_REQUIRE(module.count() == (counts<S>() ? 1 : 0), count_text(module, 1));
  module.put(ticket);
  GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
  return kept();
}

/// In the child of a process that was busy with the scheme: ends, or hangs and is ended by a
/// signal.
template <class S>
int child_of_busy_process(S& used_by_all) {
  alarm(20);
  for (long i = 0; i < 100; ++i) {
    const auto ticket = used_by_all.try_get();
    if (!ticket)
      return kForkRefused;
    used_by_all.put(ticket);
  }
  S fresh;
  const auto ticket = fresh.try_get();
  if (!ticket)
    return kForkRefused;
  fresh.put(ticket);
  if (!S::info.removal || S::info.zero == ZeroDetection::grace_period)
    return kForkFine;
  fresh.stop();
  return fresh.drained() ? kForkFine : kForkNotDrained;
}

/// Forks again and again while threads get, put, read the count, remove and make objects, and while
/// threads come and go.
template <class S>
Verdict fork_at_any_moment() {
  if (kSanitized)
    return untestable("sanitizers do not follow a fork of threads");
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S used_by_all;
  S removed;
  Crowd<S> callers(2, [&](int) {
    for (int i = 0; i < 10; ++i)
      if (const auto ticket = used_by_all.try_get(); ticket)
        used_by_all.put(ticket);
    static_cast<void>(used_by_all.count());
    [[maybe_unused]] S short_lived;
  });
  Crowd<S> remover(1, [&](int) {
    if (removed.try_stop())
      removed.restart();
    std::thread([&] {
      [[maybe_unused]] const ThreadGuardFor<S> guard_of_short_lived;
      if (const auto ticket = used_by_all.try_get(); ticket)
        used_by_all.put(ticket);
    }).join();
  });
  for (long i = 0; i < times(100); ++i) {
    const pid_t child = fork();
    if (child < 0)
      return untestable("fork() is refused here");
    if (child == 0)
      _exit(child_of_busy_process(used_by_all));
    int status = -1;
    waitpid(child, &status, 0);
    GETPUT_REQUIRE(WIFEXITED(status), "the child of a busy process hangs, fork " +
                                          std::to_string(i) + ", signal " +
                                          std::to_string(WTERMSIG(status)));
    GETPUT_REQUIRE(WEXITSTATUS(status) == kForkFine,
                   "in the child of a busy process the module does not work; step " +
                       std::to_string(WEXITSTATUS(status)));
  }
  return kept();
}

}  // namespace getput::contract
