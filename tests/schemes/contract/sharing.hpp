// SPDX-License-Identifier: MIT
// Who may use an object, from where, and who finds out that nobody does any more. Claims that are
// attacked where they are made and must be seen to be needed where they are not.
#pragma once

#include <algorithm>
#include <thread>

#include "tests/schemes/contract/count.hpp"
#include "tests/schemes/contract/handover.hpp"

namespace getput::contract {

/// Two threads, each on a CPU of its own, get and put on one object: is something lost at the end?
template <class S>
bool loses_counts(milliseconds length) {
  S module;
  Crowd<S> crowd(2, [&module](int index) {
    pin_once(index);
    for (int i = 0; i < 1000; ++i)
      if (const auto ticket = module.try_get())
        module.put(ticket);
  });
  std::this_thread::sleep_for(length);
  crowd.disperse();
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  if (module.count() != 0)
    return true;
  module.stop();
  return S::info.removal && !says_drained(module);
}

template <class S>
Verdict threads_share_it() {
  GETPUT_REQUIRE(!loses_counts<S>(burst()), "references of two threads on one object were lost");
  return kept();
}

template <class S>
Verdict sharing_is_seen_to_break_it(milliseconds longest) {
  if (!can_migrate())
    return untestable("two threads do not run at once here");
  for (const Clock::time_point end = Clock::now() + longest; Clock::now() < end;)
    if (loses_counts<S>(std::min(burst(), longest)))
      return kept();
  return broken("shared_by_threads is denied, but two threads on one object lost nothing");
}

template <class S>
Verdict migration_is_seen_to_break_it() {
  const Verdict verdict = put_on_other_cpu<S>();
  if (verdict.kind == Verdict::Kind::kept)
    return broken("put_on_other_cpu is denied, but a put on another CPU did no harm");
  return verdict.is_broken() ? kept() : verdict;
}

/// Does one look directly after the last put tell, with somebody inside another module? A grace
/// period does not. (Which words tell is seen in the model.)
template <class S>
Verdict zero_is_found_as_claimed(ZeroDetection claimed) {
  GETPUT_REQUIRE((claimed == ZeroDetection::never) == !S::info.removal,
                 "\"never\" is what a control says whose removal means nothing");
  if (!S::info.removal)
    return kept();
  Held<S> another;
  Held<S> stage;
  GETPUT_REQUIRE(another.take() && stage.take(), "try_get refused on a live module");
  if (!stage.stop_returns())
    stage.release();
  stage.remover.finish();
  if (!stage.released)
    stage.release();
  bool told = false;
  stage.remover.start([&] { told = stage.module.drained(); });
  if (!stage.remover.ends_within(milliseconds(200)))
    another.release();
  stage.remover.finish();
  const bool waits = another.released || !told;
  GETPUT_REQUIRE(waits || claimed != ZeroDetection::grace_period,
                 "a grace period is claimed, but one look told, with somebody in another module");
  GETPUT_REQUIRE(!waits || claimed == ZeroDetection::grace_period,
                 "one look did not tell, with somebody in another module");
  return kept();
}

}  // namespace getput::contract
