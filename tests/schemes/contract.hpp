// SPDX-License-Identifier: MIT
// The contract tests of one scheme, chosen by its SchemeInfo. One generated translation unit for
// each scheme says GETPUT_CONTRACT_TESTS(PercpuSplit); the tests are then named
// Contract/PercpuSplit.RefusedAfterStop and so on.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schemes/machine/native.hpp"
#include "tests/schemes/contract/allocation.hpp"
#include "tests/schemes/contract/claims.hpp"
#include "tests/schemes/contract/count.hpp"
#include "tests/schemes/contract/crowds_of_objects.hpp"
#include "tests/schemes/contract/fork.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/contract/overflow.hpp"
#include "tests/schemes/contract/removal.hpp"
#include "tests/schemes/contract/sharing.hpp"
#include "tests/schemes/contract/siege.hpp"
#include "tests/schemes/contract/storms.hpp"

namespace getput::contract {

struct Check {
  std::string_view name;
  bool applies;  ///< to this scheme, as its SchemeInfo has it
  std::function<Verdict()> run;
  bool races = false;  ///< what it looks for is a data race: ThreadSanitizer has to find it first
};

/// Every check, in the order of its cost; `applies` says which are for S.
template <Scheme S>
std::vector<Check> all_checks() {
  constexpr SchemeInfo i = S::info;
  constexpr bool shared = i.shared_by_threads;
  constexpr bool removal = i.removal && i.safe;
  constexpr bool storms = removal && shared;
  return {
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
      {"CallersGoOnWhileRemoverWaits", storms, callers_go_on_while_remover_waits<S>},
      {"ManyObjects", true, [] { return many_objects<S>(times(100'000)); }},
      {"DestroyedObjectsLeaveNothing", true, destroyed_objects_leave_nothing<S>},
      {"BytesAreAsClaimed", true, bytes_are_as_claimed<S>},
      {"GetsAllocateAsClaimed", shared, gets_allocate_as_claimed<S>},
      {"ForkKeepsCountsApart", true, fork_keeps_counts_apart<S>},
      {"ForkAtAnyMoment", shared && i.safe && i.fork_any_moment, fork_at_any_moment<S>},
  };
}

// Checks that take the claim as a value, so that they can be asked about a wrong one.

template <class S>
std::vector<Check> checks_of_overflow(const SchemeInfo& claimed) {
  return {{"OverflowIsAsClaimed", true,
           [is = claimed.overflow] { return overflow_is_as_claimed<S>(is); }}};
}
template <class S>
std::vector<Check> checks_of_zero(const SchemeInfo& claimed) {
  return {{"ZeroIsFoundAsClaimed", true,
           [is = claimed.zero] { return zero_is_found_as_claimed<S>(is); }}};
}
template <class S>
std::vector<Check> checks_of_sharing(const SchemeInfo& claimed, milliseconds longest) {
  return {{"ThreadsShareIt", claimed.shared_by_threads, threads_share_it<S>},
          {"AdmittedUnsharedUseIsSeen", !claimed.shared_by_threads,
           [longest] { return sharing_is_seen_to_break_it<S>(longest); }, true}};
}
template <class S>
std::vector<Check> checks_of_migration(const SchemeInfo& claimed) {
  return {
      {"PutOnOtherCpu", claimed.put_on_other_cpu, put_on_other_cpu<S>},
      {"AdmittedCpuBindingIsSeen", !claimed.put_on_other_cpu, migration_is_seen_to_break_it<S>}};
}

template <Scheme S>
std::vector<Check> claim_checks() {
  std::vector<Check> all = checks_of_overflow<S>(S::info);
  for (const auto& more : {checks_of_zero<S>(S::info), checks_of_sharing<S>(S::info, hunt()),
                           checks_of_migration<S>(S::info)})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// A claim with another value than the scheme's, and the checks that it brings.
struct Flip {
  std::string name;
  std::vector<Check> checks;
};

/// Every wrong claim that can be told from the right one without a look inside. Not: which of the
/// kinds of zero detection that a look directly after the last put tells (the model knows), and how
/// a counter overflows that cannot be set.
template <Scheme S>
std::vector<Flip> all_flips() {
  std::vector<Flip> flips;
  SchemeInfo claimed = S::info;
  for (const Overflow is :
       {Overflow::wraps, Overflow::sum_wraps, Overflow::saturates, Overflow::no_counter}) {
    claimed.overflow = is;
    if (is != S::info.overflow && (is == Overflow::no_counter || !SaysWhyNotNearOverflow<S>))
      flips.push_back(
          {"overflow = " + std::to_string(static_cast<int>(is)), checks_of_overflow<S>(claimed)});
  }
  const auto group = [](ZeroDetection zero) {
    return zero == ZeroDetection::never ? 0 : zero == ZeroDetection::grace_period ? 1 : 2;
  };
  for (const ZeroDetection is :
       {ZeroDetection::last_put, ZeroDetection::remover_sum, ZeroDetection::after_switch,
        ZeroDetection::grace_period, ZeroDetection::never}) {
    claimed.zero = is;
    if (group(is) != group(S::info.zero))
      flips.push_back(
          {"zero = " + std::to_string(static_cast<int>(is)), checks_of_zero<S>(claimed)});
  }
  claimed.shared_by_threads = !S::info.shared_by_threads;
  flips.push_back({"shared_by_threads", checks_of_sharing<S>(claimed, burst() / 3)});
  claimed.put_on_other_cpu = !S::info.put_on_other_cpu;
  flips.push_back({"put_on_other_cpu", checks_of_migration<S>(claimed)});
  return flips;
}

/// Makes a test of every check that applies. @p why is not empty where the scheme is not available
/// here; each test is then skipped and says so. Returns how many there are.
int register_checks(std::string_view scheme, const std::vector<Check>& checks,
                    std::string (*why)());

/// Makes one test of all flips: each is caught by one of its checks. That needs no broken scheme: a
/// wrong claim about a right scheme is one that the checks have to tell. Returns 1.
int register_flips(std::string_view scheme, const std::vector<Flip>& flips, std::string (*why)());

/// All of scheme S, which is called @p name.
template <Scheme S>
int register_all(std::string_view name) {
  constexpr auto why = +[] { return machine::Native::unavailable(S::info); };
  const int checks =
      register_checks(name, all_checks<S>(), why) + register_checks(name, claim_checks<S>(), why);
  if constexpr (kSanitized || kEmulated)
    return checks;  // what it says of the checks is said without a sanitizer
  else
    return checks + register_flips(name, all_flips<S>(), why);
}

}  // namespace getput::contract

#define GETPUT_CONTRACT_TESTS(Class)                                                        \
  namespace {                                                                               \
  [[maybe_unused]] const int contract_tests_##Class =                                       \
      ::getput::contract::register_all<::getput::Class<::getput::machine::Native>>(#Class); \
  }
