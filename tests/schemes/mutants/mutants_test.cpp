// SPDX-License-Identifier: MIT
// Each planted bug has to be caught by the contract check that is there to catch it. That the same
// check passes on the unbroken scheme is what the contract tests show.
#include "schemes/control/plain.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "schemes/distributed/percpu_ref.hpp"
#include "schemes/distributed/percpu_split.hpp"
#include "schemes/distributed/thread_split.hpp"
#include "schemes/grace/ck_epoch.hpp"
#include "schemes/grace/rcu_memb.hpp"
#include "schemes/grace/rcu_qsbr.hpp"
#include "schemes/lock/ck_brlock.hpp"
#include "schemes/lock/unload_lock.hpp"
#include "tests/schemes/contract/claims.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/contract/overflow.hpp"
#include "tests/schemes/contract/removal.hpp"
#include "tests/schemes/contract/sharing.hpp"
#include "tests/schemes/contract/siege.hpp"
#include "tests/schemes/contract/storms.hpp"
#include "tests/schemes/mutants/machines.hpp"
#include "tests/schemes/mutants/planted.hpp"

namespace getput::mutants {
namespace {

using Signed = WithWords<SignedWords>;
using GetsFirst = WithWords<GetsFirstWords>;
using Losing = WithWords<LosingWords>;

using namespace contract;  // the checks

template <class S>
Verdict overflow_is_as_said() {
  return overflow_is_as_claimed<S>(S::info.overflow);
}

constexpr const char* kSum = "Piggin 2010: the sum counts a put whose get it misses";
constexpr const char* kSigned = "until 2.6.33: a put on another CPU makes the sum zero";
constexpr const char* kWaiter = "7dfbe9aa3b (2004): the last put does not find the waiter";

[[maybe_unused]] const int planted = plant({
    GETPUT_PLANTED("put_lost", no_reference_is_lost, PercpuSplit<Losing>),
    GETPUT_PLANTED("put_lost", no_reference_is_lost, ThreadSplit<Losing>),
    GETPUT_PLANTED("put_lost", no_reference_is_lost, LosesPut<AtomicBase<>>),
    GETPUT_PLANTED("get_after_stop", refused_after_stop, LetsIn<AtomicBase<>>),
    GETPUT_PLANTED("get_after_stop_in_storm", nobody_inside_after_drain, LetsIn<AtomicBase<>>),
    GETPUT_PLANTED("get_after_stop", refused_after_stop, LetsIn<PercpuSplit<>>),
    GETPUT_PLANTED_AGAIN(kSum, "gets_before_puts", never_drained_while_held,
                         PercpuSplit<GetsFirst>),
    GETPUT_PLANTED_AGAIN(kSum, "gets_before_puts", never_drained_while_held,
                         ThreadSplit<GetsFirst>),
    GETPUT_PLANTED_AGAIN(kSigned, "one_signed_counter", never_drained_while_held,
                         PercpuSplit<Signed>),
    GETPUT_PLANTED_AGAIN(kSigned, "one_signed_counter", never_drained_while_held,
                         ThreadSplit<Signed>),
    GETPUT_PLANTED("check_then_count", nobody_inside_after_drain, PercpuSplit<CheckThenCount>),
    GETPUT_PLANTED_AGAIN("confirm skipped: percpu_ref_kill() does not wait", "confirm_skipped",
                         nobody_inside_after_drain, PercpuRef<NoRseqBarrier>),
    GETPUT_PLANTED("no_lock", nobody_inside_after_drain, UnloadLock<NoLock>),
    GETPUT_PLANTED("no_grace_period", nobody_inside_after_drain, RcuMemb<NoGracePeriod>),
    GETPUT_PLANTED("leaves_at_once", sleeping_holder_is_as_harmless_as_claimed,
                   LeavesAtOnce<RcuQsbr<>>),
    GETPUT_PLANTED("does_not_wait", nobody_inside_after_drain, DoesNotWait<CkEpoch<>>),
    GETPUT_PLANTED("leaves_at_once", nobody_inside_after_drain, LeavesAtOnce<CkEpoch<>>),
    GETPUT_PLANTED("get_after_stop", refused_after_stop, LetsIn<CkEpoch<>>),
    GETPUT_PLANTED("does_not_wait", nobody_inside_after_drain, DoesNotWait<CkBrlock<>>),
    GETPUT_PLANTED("leaves_at_once", nobody_inside_after_drain, LeavesAtOnce<CkBrlock<>>),
    GETPUT_PLANTED("get_after_stop", refused_after_stop, LetsIn<CkBrlock<>>),
    GETPUT_PLANTED_AGAIN(kWaiter, "no_wake", last_put_wakes_remover, AtomicBase<NoWake>),
    GETPUT_PLANTED("put_on_other_cpu_lost", put_on_other_cpu, LosesMigratedPut<AtomicBase<>>),
    GETPUT_PLANTED("two_threads_on_one", threads_share_it, Plain<>),
    GETPUT_PLANTED("wraps_and_does_not_say_so", overflow_is_as_said, SaidToSaturate<AtomicBase<>>),
});

}  // namespace
}  // namespace getput::mutants
