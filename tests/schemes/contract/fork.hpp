// SPDX-License-Identifier: MIT
// fork(): the child has a module of its own that works, and what it does there is not counted in
// the parent. (Per-CPU memory shared between the two would count twice.)
#pragma once

#include <sys/wait.h>
#include <unistd.h>

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

}  // namespace getput::contract
