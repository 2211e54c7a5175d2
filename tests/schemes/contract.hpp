// SPDX-License-Identifier: MIT
// The contract tests of one scheme, chosen by its SchemeInfo. One generated translation unit for
// each scheme says GETPUT_CONTRACT_TESTS(PercpuSplit); the tests are then named
// Contract/PercpuSplit.RefusedAfterStop and so on.
#pragma once

#include <string_view>
#include <vector>

#include "schemes/machine/native.hpp"
#include "tests/schemes/contract/claims.hpp"
#include "tests/schemes/contract/count.hpp"
#include "tests/schemes/contract/crowds_of_objects.hpp"
#include "tests/schemes/contract/fork.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/contract/overflow.hpp"
#include "tests/schemes/contract/removal.hpp"
#include "tests/schemes/contract/siege.hpp"
#include "tests/schemes/contract/storms.hpp"

namespace getput::contract {

struct Check {
  std::string_view name;
  bool applies;  ///< to this scheme, as its SchemeInfo has it
  Verdict (*run)();
  bool races = false;  ///< what it looks for is a data race: ThreadSanitizer has to find it first
};

/// Every check, in the order of its cost; `applies` says which are for S.
template <Scheme S>
std::vector<Check> all_checks() {
  constexpr SchemeInfo i = S::info;
  constexpr bool shared = i.shared_by_threads;
  constexpr bool removal = i.removal && i.safe;
  constexpr bool storms = removal && shared;
  std::vector<Check> checks{
      {"StartsLive", true, starts_live<S>},
      {"CountIsWhatIsHeld", true, count_is_what_is_held<S>},
      {"RefusedAfterStop", removal && i.certain_after_stop, refused_after_stop<S>},
      {"RestartMakesLive", removal && i.certain_after_stop, restart_makes_live<S>},
      {"RestartKeepsHolders", storms, restart_keeps_holders<S>},
      {"HolderMayGetMore", storms, holder_may_get_more<S>},
      {"DrainedIsExact", storms, drained_is_exact<S>},
      {"TryStopWhenIdle", removal, try_stop_when_idle<S>},
      {"FailedTryStopLeavesLive", storms, failed_try_stop_leaves_live<S>},
      {"TryStopAgainstLastPut", storms && i.try_stop, try_stop_against_last_put<S>},
      {"LastPutWakesRemover", storms, last_put_wakes_remover<S>},
      {"WaitObeysStopToken", storms, wait_obeys_stop_token<S>},
      {"PutOnOtherThread", shared && i.put_on_other_thread, put_on_other_thread<S>},
      {"GettersAndPutters", storms && i.put_on_other_thread, getters_and_putters<S>},
      {"PutOnOtherCpu", shared && i.put_on_other_cpu, put_on_other_cpu<S>},
      {"ThreadExitsWhileHolding", shared && i.put_on_other_thread, thread_exits_while_holding<S>},
      {"ThreadsComeAndGo", storms, threads_come_and_go<S>},
      {"MigrationStorm", shared && i.safe, migration_storm<S>},
      {"NobodyInsideAfterDrain", storms, nobody_inside_after_drain<S>},
      {"NeverDrainedWhileHeld", storms && i.get_while_going, never_drained_while_held<S>},
      {"AdmittedEarlyDrainIsSeen", storms && !i.get_while_going, early_drain_is_seen<S>},
      {"NoReferenceIsLost", true, no_reference_is_lost<S>},
      {"NeverSpuriouslyRefused", storms && i.try_stop && !i.spurious_failure,
       never_spuriously_refused<S>},
      {"AdmittedSpuriousFailureIsSeen", storms && i.try_stop && i.spurious_failure,
       admitted_spurious_failure_is_seen<S>},
      {"CountIsAsExactAsClaimed", shared && i.safe, count_is_as_exact_as_claimed<S>},
      {"AdmittedLateGetIsSeen", storms && !i.certain_after_stop, late_get_is_seen<S>},
      {"AdmittedUnsafetyIsSeen", i.removal && !i.safe && shared, unsafety_is_seen<S>, true},
      {"SleepingHolderIsAsHarmlessAsClaimed", storms, sleeping_holder_is_as_harmless_as_claimed<S>},
      {"CallersGoOnWhileRemoverWaits", storms && i.get_progress != Progress::blocking,
       callers_go_on_while_remover_waits<S>},
      {"ManyObjects", true, [] { return many_objects<S>(times(100'000)); }},
      {"DestroyedObjectsLeaveNothing", true, destroyed_objects_leave_nothing<S>},
      {"BytesAreAsClaimed", true, bytes_are_as_claimed<S>},
      {"ForkKeepsCountsApart", true, fork_keeps_counts_apart<S>},
  };
  if constexpr (CanStartNearOverflow<S>)
    checks.push_back({"OverflowIsAsClaimed", true, overflow_is_as_claimed<S>});
  return checks;
}

/// Makes a test of every check that applies. @p why is not empty where the scheme is not available
/// here; each test is then skipped and says so. Returns how many there are.
int register_checks(std::string_view scheme, const std::vector<Check>& checks,
                    std::string (*why)());

}  // namespace getput::contract

#define GETPUT_CONTRACT_TESTS(Class)                                                \
  namespace {                                                                       \
  using ContractScheme = ::getput::Class<::getput::machine::Native>;                \
  [[maybe_unused]] const int contract_tests = ::getput::contract::register_checks(  \
      #Class, ::getput::contract::all_checks<ContractScheme>(),                     \
      [] { return ::getput::machine::Native::unavailable(ContractScheme::info); }); \
  }
