// SPDX-License-Identifier: MIT
// Each planted bug has to be caught by the contract check that is there to catch it. That the same
// check passes on the unbroken scheme is what the contract tests show.
#include <gtest/gtest.h>

#include <string>

#include "schemes/counter/atomic_base.hpp"
#include "schemes/distributed/percpu_ref.hpp"
#include "schemes/distributed/percpu_split.hpp"
#include "schemes/distributed/thread_split.hpp"
#include "schemes/grace/ck_epoch.hpp"
#include "schemes/grace/rcu_memb.hpp"
#include "schemes/grace/rcu_qsbr.hpp"
#include "schemes/lock/ck_brlock.hpp"
#include "schemes/lock/unload_lock.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/contract/removal.hpp"
#include "tests/schemes/contract/siege.hpp"
#include "tests/schemes/contract/storms.hpp"
#include "tests/schemes/mutants/machines.hpp"

namespace getput::mutants {
namespace {

using contract::Clock;
using contract::Verdict;

struct Mutant {
  const char* scheme;
  const char* bug;
  const SchemeInfo* info;
  Verdict (*check)();
};

void PrintTo(const Mutant& mutant, std::ostream* out) {
  *out << mutant.scheme << ": " << mutant.bug;
}

using Signed = WithWords<SignedWords>;
using GetsFirst = WithWords<GetsFirstWords>;
using Losing = WithWords<LosingWords>;

template <template <class> class S, class M>
Mutant mutant(const char* bug, Verdict (*check)()) {
  return {S<M>::info.name.data(), bug, &S<M>::info, check};
}

using namespace contract;  // the checks

const std::array kMutants{
    mutant<PercpuSplit, Losing>("put_lost", no_reference_is_lost<PercpuSplit<Losing>>),
    mutant<ThreadSplit, Losing>("put_lost", no_reference_is_lost<ThreadSplit<Losing>>),
    mutant<AtomicBase, Native>("put_lost", no_reference_is_lost<LosesPut<AtomicBase<>>>),
    mutant<AtomicBase, Native>("get_after_stop", refused_after_stop<LetsIn<AtomicBase<>>>),
    mutant<AtomicBase, Native>("get_after_stop_in_storm",
                               nobody_inside_after_drain<LetsIn<AtomicBase<>>>),
    mutant<PercpuSplit, Native>("get_after_stop", refused_after_stop<LetsIn<PercpuSplit<>>>),
    mutant<PercpuSplit, GetsFirst>("gets_before_puts",
                                   never_drained_while_held<PercpuSplit<GetsFirst>>),
    mutant<ThreadSplit, GetsFirst>("gets_before_puts",
                                   never_drained_while_held<ThreadSplit<GetsFirst>>),
    mutant<PercpuSplit, Signed>("one_signed_counter",
                                never_drained_while_held<PercpuSplit<Signed>>),
    mutant<ThreadSplit, Signed>("one_signed_counter",
                                never_drained_while_held<ThreadSplit<Signed>>),
    mutant<PercpuSplit, CheckThenCount>("check_then_count",
                                        nobody_inside_after_drain<PercpuSplit<CheckThenCount>>),
    mutant<PercpuRef, NoRseqBarrier>("confirm_skipped",
                                     nobody_inside_after_drain<PercpuRef<NoRseqBarrier>>),
    mutant<UnloadLock, NoLock>("no_lock", nobody_inside_after_drain<UnloadLock<NoLock>>),
    mutant<RcuMemb, NoGracePeriod>("no_grace_period",
                                   nobody_inside_after_drain<RcuMemb<NoGracePeriod>>),
    mutant<RcuQsbr, Native>("leaves_at_once", nobody_inside_after_drain<LeavesAtOnce<RcuQsbr<>>>),
    mutant<CkEpoch, Native>("does_not_wait", nobody_inside_after_drain<DoesNotWait<CkEpoch<>>>),
    mutant<CkEpoch, Native>("leaves_at_once", nobody_inside_after_drain<LeavesAtOnce<CkEpoch<>>>),
    mutant<CkEpoch, Native>("get_after_stop", refused_after_stop<LetsIn<CkEpoch<>>>),
    mutant<CkBrlock, Native>("does_not_wait", nobody_inside_after_drain<DoesNotWait<CkBrlock<>>>),
    mutant<CkBrlock, Native>("leaves_at_once", nobody_inside_after_drain<LeavesAtOnce<CkBrlock<>>>),
    mutant<CkBrlock, Native>("get_after_stop", refused_after_stop<LetsIn<CkBrlock<>>>),
    mutant<AtomicBase, NoWake>("no_wake", last_put_wakes_remover<AtomicBase<NoWake>>),
};

class Mutants : public testing::TestWithParam<Mutant> {};

TEST_P(Mutants, Caught) {
  const Mutant& mutant = GetParam();
  if (const std::string why = Native::unavailable(*mutant.info); !why.empty())
    GTEST_SKIP() << why;
  set_patience(std::chrono::seconds(2));
  const Clock::time_point begin = Clock::now();
  int runs = 0;
  Verdict verdict;
  while (!verdict.is_broken() && Clock::now() < begin + hunt()) {
    verdict = mutant.check();
    ++runs;
    if (verdict.kind == Verdict::Kind::untestable)
      GTEST_SKIP() << verdict.detail;
  }
  RecordProperty("runs", runs);
  RecordProperty("seen", verdict.detail);
  EXPECT_TRUE(verdict.is_broken()) << "a planted bug survived " << runs << " runs of its check";
}

INSTANTIATE_TEST_SUITE_P(Planted, Mutants, testing::ValuesIn(kMutants),
                         [](const testing::TestParamInfo<Mutant>& planted) {
                           return std::string(planted.param.scheme) + "_" + planted.param.bug;
                         });

}  // namespace
}  // namespace getput::mutants
