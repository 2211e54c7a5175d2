// SPDX-License-Identifier: MIT
// The model checks of one scheme, chosen by its SchemeInfo. One generated translation unit for each
// scheme says GETPUT_MODEL_TESTS(PercpuSplit); the tests are then named
// Model/PercpuSplit.NobodyInsideAfterDrain and so on.
#pragma once

#include <string_view>
#include <vector>

#include "tests/model/alone.hpp"
#include "tests/model/check.hpp"
#include "tests/model/claims.hpp"
#include "tests/model/claims_of_progress.hpp"
#include "tests/model/looks.hpp"
#include "tests/model/machine.hpp"
#include "tests/model/modes.hpp"
#include "tests/model/overflow.hpp"
#include "tests/model/polls.hpp"
#include "tests/model/scenarios.hpp"
#include "tests/model/sessions.hpp"
#include "tests/model/switching.hpp"
#include "tests/model/two_sides.hpp"

namespace getput::model {

/// What S does not say that it needs, its kernel does not have.
template <template <class> class Scene, class S, int Threads>
Plan plan() {
  return {Threads, CallsRcu<S>, S::info.needs_membarrier,
          []() -> Scenario* { return new Scene<S>(Threads); }};
}

/// Every check; `applies` says which are for S. "...Few" has one caller, so that the bounded search
/// gets further.
template <Scheme S>
std::vector<Check> all_checks() {
  constexpr SchemeInfo i = S::info;
  constexpr bool removal = i.removal && i.safe && i.shared_by_threads;
  constexpr bool decides = removal && i.try_stop;
  constexpr bool a_lock = i.zero == ZeroDetection::grace_period &&
                          i.overflow != Overflow::no_counter &&
                          i.count == CountExactness::not_possible;
  std::vector<Check> checks{
      {"NobodyInsideAfterDrain", removal, plan<NobodyInsideAfterDrain, S, 3>()},
      {"NobodyInsideAfterDrainFew", removal, plan<NobodyInsideAfterDrain, S, 2>()},
      {"NobodyInsideWhenDrained", removal, plan<NobodyInsideWhenDrained, S, 3>()},
      {"HandedOver", removal && i.put_on_other_thread, plan<HandedOver, S, 3>()},
      {"TryStopDecides", decides, plan<TryStopDecides, S, 3>()},
      {"TryStopDecidesFew", decides, plan<TryStopDecides, S, 2>()},
      {"CalledOff", removal, plan<CalledOff, S, 3>()},
      {"CalledOffFew", removal, plan<CalledOff, S, 2>()},
      {"LoadedAgain", removal, plan<LoadedAgain, S, 3>()},
      {"LoadedAgainFew", removal, plan<LoadedAgain, S, 2>()},
      {"HeldInSecondLife", removal, plan<HeldInSecondLife, S, 3>()},
      {"HeldWhilePolled", removal, plan<HeldWhilePolled, S, 3>()},
      {"PassedOnBetweenPolls", removal && i.get_while_going, plan<PassedOnBetweenPolls, S, 3>()},
      {"GotByNewcomer", removal && i.get_while_going && i.put_on_other_thread,
       plan<GotByNewcomer, S, 3>()},
      {"RefusedAfterStop", removal && i.certain_after_stop, plan<RefusedAfterStop, S, 3>()},
      {"DestroyedAfterDrain", removal, plan<DestroyedAfterDrain, S, 3>()},
      {"DestroyedDuringLastPut", removal && i.destroy_when_drained,
       plan<DestroyedDuringLastPut, S, 3>()},
      {"AdmittedLateLookIsSeen",
       removal && !i.destroy_when_drained,
       plan<DestroyedDuringLastPut, S, 3>(),
       {kGone}},
      {"NeverRemovedWhileHeld", decides, plan<NeverRemovedWhileHeld, S, 3>()},
      {"LiveAfterFailedTry", decides, plan<LiveAfterFailedTry, S, 3>()},
      {"NeverRemovedWhilePassedOn", decides && i.get_while_going,
       plan<NeverRemovedWhilePassedOn, S, 3>()},
      {"NeverSpuriouslyRefused", decides && !i.spurious_failure,
       plan<NeverSpuriouslyRefused, S, 3>()},
      {"AdmittedSpuriousFailureIsSeen",
       decides && i.spurious_failure,
       plan<NeverSpuriouslyRefused, S, 3>(),
       {NeverSpuriouslyRefused<S>::kBroken}},
      {"AdmittedLateGetIsSeen",
       removal && !i.certain_after_stop,
       plan<RefusedAfterStop, S, 3>(),
       {RefusedAfterStop<S>::kBroken}},
      {"AdmittedEarlyDrainIsSeen",
       removal && !i.get_while_going,
       plan<HolderGetsMoreWhileGoing, S, 3>(),
       {Module<S>::kUnsafe}},
      {"AdmittedUnsafetyIsSeen",
       i.removal && !i.safe && i.shared_by_threads,
       plan<NobodyInsideAfterDrain, S, 3>(),
       {Module<S>::kUnsafe, Module<S>::kLetIn, Module<S>::kRace}},
      // A lock says so because it belongs to its thread, not because it would break.
      {"AdmittedThreadBindingIsSeen",
       removal && !i.put_on_other_thread && !a_lock,
       plan<HandedOver, S, 3>(),
       // The last: the getter's own mark stays, and the remover waits for it for ever.
       {Module<S>::kUnsafe, Module<S>::kRace, "read_unlock() without read_lock()",
        "deadlock detected"}},
      {"AdmittedUselessRemovalIsSeen",
       !i.removal,
       plan<RemovedWhileHeld, S, 2>(),
       {Module<S>::kUnsafe, RemovedWhileHeld<S>::kNever}},
      {"AdmittedLowCountIsSeen",
       removal && i.count == CountExactness::approximate,
       plan<CountIsOff, S, 3>(),
       {CountIsOff<S>::kLow}},
      {"AdmittedHighCountIsSeen",
       removal && i.count == CountExactness::never_too_low,
       plan<CountIsOff, S, 3>(),
       {CountIsOff<S>::kHigh}},
      {"ExactCountIsNeverHigh", removal && i.count == CountExactness::exact,
       plan<CountIsOff, S, 3>()},
      {"CountIsAsExactAsClaimed", removal, plan<CountIsAsExactAsClaimed, S, 3>()},
      {"AloneAsDocumented", removal, plan<AloneAsDocumented, S, 2>()},
      {"RestartPublishes", removal, plan<RestartPublishes, S, 3>()},
      {"NeedsAreAsClaimed", removal, plan<NeedsAreAsClaimed, S, 2>()},
      {"RefusedLeaveNoTrace", removal && i.certain_after_stop, plan<RefusedLeaveNoTrace, S, 3>()},
      {"RefusedDoNotDelayTheEnd",
       removal && i.certain_after_stop && i.zero != ZeroDetection::grace_period,
       plan<RefusedDoNotDelayTheEnd, S, 3>()},
      {"TwoModules", removal, plan<TwoModules, S, 3>()},
      {"TriedUntilPassedOn", decides && i.get_while_going, plan<TriedUntilPassedOn, S, 2>()},
      {"WaitedForWithToken", removal, plan<WaitedForWithToken, S, 2>()},
      {"TwoRemovers", removal, plan<TwoRemovers, S, 3>()},
      {"HoldsOneVisitsOther", removal, plan<HoldsOneVisitsOther, S, 3>()},
      {"OneOfTwoDestroyed", removal, plan<OneOfTwoDestroyed, S, 3>()},
  };
  if constexpr (i.zero == ZeroDetection::grace_period && i.count == CountExactness::approximate) {
    checks.push_back({"PassedOnAmongRemovals", removal, plan<PassedOnAmongRemovals, S, 3>()});
    checks.push_back({"TwoLooksAlone", removal, plan<TwoLooksAlone, S, 2>()});
  }
  if constexpr (CallsRcu<S>)
    checks.push_back({"WaitedForAlone", removal, plan<WaitedForAlone, S, 2>()});
  if constexpr (Switches<S>)
    checks.push_back({"SwitchedWhileUsed", removal, plan<SwitchedWhileUsed, S, 3>()});
  if constexpr (Kills<S>) {
    checks.push_back({"RefusedOnceConfirmed", removal, plan<RefusedOnceConfirmed, S, 3>()});
    checks.push_back({"DyingServesHolders", removal, plan<DyingServesHolders, S, 3>()});
  }
  if constexpr (CountsMany<S>)
    checks.push_back({"ManyPutPiecemeal", removal, plan<ManyPutPiecemeal, S, 3>()});
  if constexpr (KillsAsync<S>) {
    checks.push_back({"KilledLater", removal, plan<KilledLater, S, 3>()});
    checks.push_back({"ResurrectedWhilePending", removal, plan<ResurrectedWhilePending, S, 3>()});
  }
  if constexpr (HasInit<S>) {
    checks.push_back({"ModesAsDocumented", removal, plan<ModesAsDocumented, S, 2>()});
    checks.push_back({"StartsAndMisuse", removal, plan<StartsAndMisuse, S, 2>()});
    checks.push_back({"SwitchedFromTwoSides", removal, plan<SwitchedFromTwoSides, S, 3>()});
    checks.push_back({"ResurrectedWhileSwitched", removal, plan<ResurrectedWhileSwitched, S, 3>()});
    checks.push_back({"KilledFromTwoSides", removal, plan<KilledFromTwoSides, S, 3>()});
    checks.push_back({"TriedWhileSwitched", removal, plan<TriedWhileSwitched, S, 3>()});
  }
  if constexpr (HasSessions<S>) {
    constexpr bool outlive = TicketsOutliveSessions<S>;
    checks.push_back({"SessionsAndOthers", removal && outlive, plan<SessionsAndOthers, S, 3>()});
    checks.push_back({"SessionsAndOthersFew", removal && outlive, plan<SessionsAndOthers, S, 2>()});
    checks.push_back({"AdmittedSessionsEndIsSeen",
                      removal && !outlive,
                      plan<SessionsAndOthers, S, 3>(),
                      {Module<S>::kUnsafe}});
    checks.push_back({"SessionServes", removal, plan<SessionServes, S, 2>()});
    checks.push_back({"AloneInSession", decides && outlive, plan<AloneInSession, S, 2>()});
    checks.push_back(
        {"SessionsAgainstTryStop", decides && outlive, plan<SessionsAgainstTryStop, S, 3>()});
  }
  if constexpr (StartsNearOverflow<S>)
    checks.push_back(
        {"LimitCrossed", i.overflow == Overflow::saturates, plan<LimitCrossed, S, 3>()});
  if constexpr (Releases<S>)
    checks.push_back({"ReleasedOnce", removal, plan<ReleasedOnce, S, 3>()});
  if constexpr (HasSession<S>)
    checks.push_back({"VisitedInSessions", removal, plan<VisitedInSessions, S, 3>()});
  return checks;
}

}  // namespace getput::model

// The first object is made and destroyed outside any execution: atomics in function-local statics
// then belong to the process, and every execution starts with their initial values.
#define GETPUT_MODEL_TESTS(Class)                                                            \
  namespace {                                                                                \
  using ModelScheme = ::getput::Class<::getput::model::RelacyMachine>;                       \
  [[maybe_unused]] const int model_tests =                                                   \
      (static_cast<void>(ModelScheme()),                                                     \
       ::getput::model::register_checks(#Class, ::getput::model::all_checks<ModelScheme>()), \
       ::getput::model::register_claims<ModelScheme>(#Class));                               \
  }
