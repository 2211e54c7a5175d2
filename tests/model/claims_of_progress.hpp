// SPDX-License-Identifier: MIT
// The checks of SchemeInfo's progress and zero. They take the claims as values: so that they can be
// asked about a claim that is wrong, which they have to notice.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/model/check.hpp"
#include "tests/model/progress.hpp"
#include "tests/model/zero.hpp"

namespace getput::model {

template <class Scene>
Plan conducted_plan() {
  constexpr int kThreads = 2;
  return {.threads = kThreads,
          .make = []() -> Scenario* { return new Scene(kThreads); },
          .conducted = true};
}

/// What the checks of one side are called.
struct ProgressNames {
  std::string_view not_blocking, blocking, wait_free, lock_free;
};

template <class S, Side kSide>
void check_progress(std::vector<Check>& checks, Progress claimed, const ProgressNames& names) {
  using Frozen = OtherIsFrozen<S, kSide>;
  using Faster = OtherIsFaster<S, kSide>;
  const Plan frozen = conducted_plan<Frozen>();
  const Plan faster = conducted_plan<Faster>();
  checks.push_back({names.not_blocking, claimed != Progress::blocking, frozen});
  checks.push_back({names.blocking, claimed == Progress::blocking, frozen, {Frozen::kHeldUp}});
  checks.push_back({names.wait_free, claimed == Progress::wait_free, faster});
  checks.push_back({names.lock_free, claimed == Progress::lock_free, faster, {Faster::kDelayed}});
}

template <class S>
std::vector<Check> claim_checks(const SchemeInfo& claimed) {
  std::vector<Check> checks;
  check_progress<S, Side::get>(checks, claimed.get_progress,
                               {"GetIsNotHeldUp", "AdmittedBlockingGetIsSeen", "GetIsNotDelayed",
                                "AdmittedDelayOfGetIsSeen"});
  check_progress<S, Side::put>(checks, claimed.put_progress,
                               {"PutIsNotHeldUp", "AdmittedBlockingPutIsSeen", "PutIsNotDelayed",
                                "AdmittedDelayOfPutIsSeen"});
  check_progress<S, Side::stop>(checks, claimed.stop_progress,
                                {"StopIsNotHeldUp", "AdmittedBlockingStopIsSeen",
                                 "StopIsNotDelayed", "AdmittedDelayOfStopIsSeen"});
  checks.push_back(
      {"ZeroIsFoundAsClaimed", true, conducted_plan<ZeroIsFound<S>>(), {seen_as(claimed.zero)}});
  return checks;
}

/// Every other value that @p field of S's info could have.
template <class S, class Value, std::size_t N>
void flip(std::vector<Flip>& flips, const char* name, Value SchemeInfo::*field,
          const std::array<Value, N>& values) {
  for (const Value value : values) {
    SchemeInfo claimed = S::info;
    if (value == claimed.*field)
      continue;
    claimed.*field = value;
    flips.push_back({name + std::string(" = ") + std::to_string(static_cast<int>(value)),
                     claim_checks<S>(claimed)});
  }
}

template <class S>
std::vector<Flip> all_flips() {
  constexpr std::array progress{Progress::wait_free, Progress::lock_free, Progress::blocking};
  constexpr std::array zero{ZeroDetection::last_put, ZeroDetection::remover_sum,
                            ZeroDetection::after_switch, ZeroDetection::grace_period,
                            ZeroDetection::never};
  std::vector<Flip> flips;
  flip<S>(flips, "get_progress", &SchemeInfo::get_progress, progress);
  flip<S>(flips, "put_progress", &SchemeInfo::put_progress, progress);
  flip<S>(flips, "stop_progress", &SchemeInfo::stop_progress, progress);
  flip<S>(flips, "zero", &SchemeInfo::zero, zero);
  return flips;
}

template <class S>
int register_claims(std::string_view scheme) {
  return register_checks(scheme, claim_checks<S>(S::info)) + register_flips(scheme, all_flips<S>());
}

}  // namespace getput::model
