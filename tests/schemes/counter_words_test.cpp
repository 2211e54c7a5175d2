// SPDX-License-Identifier: MIT
// The counter words of the schemes with a base reference, one operation at a time: at both ends of
// every zone and beyond, where no caller who keeps the contract ever gets them.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>

#include "schemes/counter/atomic.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "schemes/counter/file_ref.hpp"
#include "schemes/counter/lockref.hpp"
#include "schemes/counter/rcuref.hpp"
#include "schemes/counter/refcount.hpp"
#include "schemes/counter/sticky.hpp"
#include "schemes/machine/native.hpp"

namespace getput {
namespace {

/// Counts warnings; each @p N is a machine of its own, which has not warned yet.
template <int N>
struct Warned : machine::Native {
  static inline int warnings = 0;
  static void warn_once(std::atomic<bool>& warned, const char*) {
    warnings += warned.exchange(true) ? 0 : 1;
  }
};

template <class Raw, class Word>
Raw raw(const Word& word) {
  static_assert(sizeof(Raw) == sizeof(Word));
  Raw bits{};
  std::memcpy(&bits, static_cast<const void*>(&word), sizeof(bits));
  return bits;
}
template <class Raw, class Word>
void set_raw(Word& word, Raw bits) {
  static_assert(sizeof(Raw) == sizeof(Word));
  std::memcpy(static_cast<void*>(&word), &bits, sizeof(bits));
}

/// A life, a death, refusals, and a second life.
template <class Word>
void live_and_die(Word& word) {
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(word.value(), 1);
    EXPECT_FALSE(word.dead());
    EXPECT_TRUE(word.try_inc());
    word.inc();
    EXPECT_EQ(word.value(), 3);
    EXPECT_FALSE(word.dec());
    EXPECT_FALSE(word.dec_if_one());
    EXPECT_EQ(word.value(), 2);
    EXPECT_FALSE(word.dec());
    EXPECT_FALSE(word.dead());
    EXPECT_TRUE(life == 0 ? word.dec() : word.dec_if_one());
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(word.dead());
      EXPECT_EQ(word.value(), 0);
      EXPECT_FALSE(word.try_inc());
      EXPECT_FALSE(word.dec_if_one());
    }
    word.revive();
  }
}

TEST(CounterWords, LiveAndDie) {
  using M = Warned<0>;
  AtomicWord<M> atomic;
  live_and_die(atomic);
  RefcountWord<M> refcount;
  live_and_die(refcount);
  RcurefWord<M> rcuref;
  live_and_die(rcuref);
  FileRefWord<M> file_ref;
  live_and_die(file_ref);
  StickyWord<M> sticky;
  live_and_die(sticky);
  LockrefWord<M> lockref;
  live_and_die(lockref);
  EXPECT_EQ(M::warnings, 0);
}

constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();

TEST(CounterWords, AtomicWraps) {
  AtomicWord<Warned<1>> word;
  word.set_near_limit(1);
  EXPECT_TRUE(word.try_inc());
  EXPECT_EQ(word.value(), kMost);
  EXPECT_TRUE(word.try_inc());
  EXPECT_EQ(word.value(), std::numeric_limits<std::int32_t>::min());
}

constexpr std::int32_t kSaturatedRefcount = -0x40000000;

/// One more by @p more at the limit, then nothing moves it.
template <class M, class More>
void refcount_saturates(More more) {
  RefcountWord<M> word;
  word.set_near_limit(1);
  more(word);
  EXPECT_EQ(word.value(), kMost);
  EXPECT_EQ(M::warnings, 0);
  for (int i = 0; i < 3; ++i) {
    more(word);
    EXPECT_EQ(word.value(), kSaturatedRefcount);
    EXPECT_FALSE(word.dec());
    EXPECT_EQ(word.value(), kSaturatedRefcount);
    EXPECT_EQ(M::warnings, 1);
  }
}

TEST(CounterWords, RefcountSaturates) {
  refcount_saturates<Warned<2>>([](auto& word) { EXPECT_TRUE(word.try_inc()); });
  refcount_saturates<Warned<3>>([](auto& word) { word.inc(); });
}

TEST(CounterWords, RefcountNoticesMisuse) {
  RefcountWord<Warned<4>> put_too_many;
  EXPECT_TRUE(put_too_many.dec());
  EXPECT_FALSE(put_too_many.dec());
  EXPECT_EQ(put_too_many.value(), kSaturatedRefcount);
  EXPECT_EQ(Warned<4>::warnings, 1);
  RefcountWord<Warned<5>> got_from_zero;
  EXPECT_TRUE(got_from_zero.dec());
  got_from_zero.inc();
  EXPECT_EQ(got_from_zero.value(), kSaturatedRefcount);
  EXPECT_EQ(Warned<5>::warnings, 1);
  // From below: the last value before zero is no place to go on counting.
  RefcountWord<Warned<6>> negative;
  set_raw<std::int32_t>(negative, -1);
  negative.inc();
  EXPECT_EQ(negative.value(), kSaturatedRefcount);
}

constexpr std::uint32_t kSaturated = 0xa0000000;
constexpr std::uint32_t kReleased = 0xc0000000;
constexpr std::uint32_t kRcurefDead = 0xe0000000;

TEST(CounterWords, RcurefSaturates) {
  using M = Warned<7>;
  RcurefWord<M> word;
  word.set_near_limit(1);
  EXPECT_TRUE(word.try_inc());
  EXPECT_EQ(raw<std::uint32_t>(word), 0x7fffffffU);
  EXPECT_EQ(M::warnings, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(word.try_inc());
    EXPECT_EQ(raw<std::uint32_t>(word), kSaturated);
    EXPECT_FALSE(word.dec());
    EXPECT_EQ(raw<std::uint32_t>(word), kSaturated);
    EXPECT_FALSE(word.dead());
    EXPECT_EQ(M::warnings, 1);
  }
}

TEST(CounterWords, RcurefStaysDead) {
  using M = Warned<8>;
  RcurefWord<M> word;
  EXPECT_TRUE(word.dec());
  EXPECT_EQ(raw<std::uint32_t>(word), kRcurefDead);
  EXPECT_FALSE(word.try_inc());
  EXPECT_EQ(raw<std::uint32_t>(word), kRcurefDead);
  EXPECT_EQ(M::warnings, 0);
  EXPECT_FALSE(word.dec());
  EXPECT_EQ(raw<std::uint32_t>(word), kRcurefDead);
  EXPECT_EQ(M::warnings, 1);
}

TEST(CounterWords, RcurefZones) {
  using M = Warned<9>;
  RcurefWord<M> word;
  set_raw(word, kReleased - 2);
  EXPECT_TRUE(word.try_inc());
  EXPECT_EQ(raw<std::uint32_t>(word), kSaturated);
  set_raw(word, kReleased - 1);
  EXPECT_FALSE(word.dead());
  EXPECT_GT(word.value(), 0);
  EXPECT_FALSE(word.try_inc());
  EXPECT_EQ(raw<std::uint32_t>(word), kRcurefDead);
  set_raw(word, kReleased);
  EXPECT_TRUE(word.dead());
  EXPECT_EQ(word.value(), 0);
  EXPECT_FALSE(word.dec());
  EXPECT_EQ(raw<std::uint32_t>(word), kSaturated);
  set_raw(word, kReleased + 1);
  EXPECT_FALSE(word.dec());
  EXPECT_EQ(raw<std::uint32_t>(word), kRcurefDead);
}

constexpr std::uint64_t in_file_ref(std::uint32_t top) {
  return std::uint64_t{top} << 32;
}

/// Past the limit try_inc() refuses, inc() counts, and the first dec() makes the count stick.
TEST(CounterWords, FileRefSaturates) {
  using M = Warned<12>;
  FileRefWord<M> word;
  word.set_near_limit(1);
  EXPECT_TRUE(word.try_inc());
  EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(0x80000000) - 1);
  EXPECT_EQ(word.value(), std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(word.try_inc());
  word.inc();
  EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(0x80000000) + 1);
  EXPECT_EQ(word.value(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(M::warnings, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(word.dec());
    EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(kSaturated));
    EXPECT_FALSE(word.dead());
    EXPECT_EQ(M::warnings, 1);
  }
}

TEST(CounterWords, FileRefStaysDead) {
  using M = Warned<13>;
  FileRefWord<M> word;
  EXPECT_TRUE(word.dec());
  EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(kRcurefDead));
  for (std::uint64_t refused = 1; refused <= 3; ++refused) {
    EXPECT_FALSE(word.try_inc());
    EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(kRcurefDead) + refused);
    EXPECT_TRUE(word.dead());
  }
  EXPECT_EQ(M::warnings, 0);
  EXPECT_FALSE(word.dec());
  EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(kRcurefDead));
  EXPECT_EQ(M::warnings, 1);
}

TEST(CounterWords, FileRefZones) {
  using M = Warned<14>;
  FileRefWord<M> word;
  set_raw(word, in_file_ref(kReleased) - 1);
  EXPECT_FALSE(word.dead());
  EXPECT_GT(word.value(), 0);
  EXPECT_FALSE(word.try_inc());
  EXPECT_TRUE(word.dead());
  EXPECT_EQ(word.value(), 0);
  EXPECT_FALSE(word.dec());
  EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(kSaturated));
  set_raw(word, in_file_ref(kReleased) + 1);
  EXPECT_FALSE(word.dec());
  EXPECT_EQ(raw<std::uint64_t>(word), in_file_ref(kRcurefDead));
  set_raw(word, ~std::uint64_t{0});  // the last put has not marked it yet
  EXPECT_FALSE(word.dead());
  EXPECT_EQ(word.value(), 0);
  EXPECT_TRUE(word.try_inc());
  EXPECT_EQ(word.value(), 1);
}

TEST(CounterWords, StickyAndLockrefMarkTheDead) {
  StickyWord<Warned<10>> sticky;
  EXPECT_TRUE(sticky.dec());
  EXPECT_EQ(raw<std::uint64_t>(sticky), std::uint64_t{1} << 63);
  for (const bool by_remover : {false, true}) {
    LockrefWord<Warned<10>> lockref;
    EXPECT_TRUE(by_remover ? lockref.dec_if_one() : lockref.dec());
    EXPECT_EQ(raw<std::uint64_t>(lockref), std::uint64_t{0xffffff80} << 32);
  }
}

TEST(CounterWords, AtomicBaseRefusesAPutTooMany) {
  using M = Warned<11>;
  AtomicBase<M> module;
  const auto ticket = module.try_get();
  module.put(ticket);
  module.stop();
  EXPECT_TRUE(module.drained());
  EXPECT_EQ(M::warnings, 0);
  for (int i = 0; i < 2; ++i) {
    module.put(ticket);
    EXPECT_EQ(module.count(), 0);
    EXPECT_TRUE(module.drained());
    EXPECT_EQ(M::warnings, 1);
  }
}

}  // namespace
}  // namespace getput
