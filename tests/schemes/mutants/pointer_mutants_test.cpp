// SPDX-License-Identifier: MIT
// Mistakes that people make with smart pointers and hazard pointers, planted by wrapping schemes
// that are other people's code and do not run under the model checker. Each has to be caught.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schemes/counter/intrusive_ptr.hpp"
#include "schemes/counter/shared_ptr.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/contract/removal.hpp"
#include "tests/schemes/contract/siege.hpp"
#include "tests/schemes/contract/storms.hpp"
#include "tests/schemes/mutants/machines.hpp"

#if __has_include(<xenium/reclamation/hazard_pointer.hpp>)  // not on every architecture
#include "schemes/grace/hazard_pointer.hpp"
#define GETPUT_HAS_XENIUM 1
#endif

namespace getput::mutants {
namespace {

using contract::Clock;
using contract::Verdict;

/// The pointer or guard is a temporary: it is gone when the statement ends, and the caller goes on
/// with what it pointed to.
template <class Scheme>
struct LetsGoAtOnce : Scheme {
  typename Scheme::Ticket try_get() noexcept {
    const auto ticket = Scheme::try_get();
    if (ticket)
      Scheme::put(ticket);
    return ticket;
  }
  void put(typename Scheme::Ticket) noexcept {}
};

/// "use_count() == 1, so I am alone": somebody locks the weak_ptr after the look.
template <class Scheme>
struct BelievesUseCount : Scheme {
  bool try_stop() {
    if (Scheme::count() != 0)
      return false;
    Scheme::stop();
    return true;
  }
};

/// lock() decides alone, without a flag: somebody inside keeps the door open for everybody.
template <class Scheme>
struct DoorStaysOpen : Scheme {
  void stop() {
    Scheme::stop();
    Scheme::restart();
  }
};

/// Retires the node and frees it without looking whether somebody points to it.
template <class Scheme>
struct FreesWithoutScan : Scheme {
  bool drained() { return true; }
  void wait_drained(const std::stop_token&) {}
};

struct Mutant {
  const char* scheme;
  const char* bug;
  const SchemeInfo* info;
  Verdict (*check)();
};

void PrintTo(const Mutant& mutant, std::ostream* out) {
  *out << mutant.scheme << ": " << mutant.bug;
}

template <class S>
Mutant mutant(const char* bug, Verdict (*check)()) {
  return {S::info.name.data(), bug, &S::info, check};
}

using namespace contract;  // the checks

using Shared = SharedPtr<>;
using Intrusive = IntrusivePtr<>;
#if defined(GETPUT_HAS_XENIUM)
using Hazard = HazardPointer<>;
#endif

const std::vector<Mutant> kMutants {
  mutant<Shared>("temporary", nobody_inside_after_drain<LetsGoAtOnce<Shared>>),
      mutant<Shared>("temporary_handed_over", put_on_other_thread<LetsGoAtOnce<Shared>>),
      mutant<Shared>("put_lost", no_reference_is_lost<LosesPut<Shared>>),
      mutant<Shared>("use_count_believed", nobody_inside_after_drain<BelievesUseCount<Shared>>),
      mutant<Shared>("no_flag", refused_after_stop<DoorStaysOpen<Shared>>),
      mutant<Shared>("no_wake", last_put_wakes_remover<SharedPtr<NoWake>>),
      mutant<Intrusive>("temporary", nobody_inside_after_drain<LetsGoAtOnce<Intrusive>>),
      mutant<Intrusive>("put_lost", no_reference_is_lost<LosesPut<Intrusive>>),
      mutant<Intrusive>("use_count_believed",
                        nobody_inside_after_drain<BelievesUseCount<Intrusive>>),
#if defined(GETPUT_HAS_XENIUM)
      mutant<Hazard>("temporary", nobody_inside_after_drain<LetsGoAtOnce<Hazard>>),
      mutant<Hazard>("no_scan", nobody_inside_after_drain<FreesWithoutScan<Hazard>>),
      mutant<Hazard>("no_scan_while_held", drained_is_exact<FreesWithoutScan<Hazard>>),
#endif
};

class PointerMutants : public testing::TestWithParam<Mutant> {};

TEST_P(PointerMutants, Caught) {
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

INSTANTIATE_TEST_SUITE_P(Planted, PointerMutants, testing::ValuesIn(kMutants),
                         [](const testing::TestParamInfo<Mutant>& planted) {
                           return std::string(planted.param.scheme) + "_" + planted.param.bug;
                         });

}  // namespace
}  // namespace getput::mutants
