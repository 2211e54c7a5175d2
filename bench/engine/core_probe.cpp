// SPDX-License-Identifier: MIT
#include "bench/engine/core_probe.hpp"

#include <algorithm>
#include <cstdint>

#include "bench/engine/clock.hpp"

namespace getput::bench {
namespace {

constexpr unsigned kChainRounds = 32;
constexpr unsigned kChainPerRound = 16;
constexpr unsigned kWideRounds = 128;
constexpr unsigned kWidePerRound = 24;

#if defined(__x86_64__) || defined(__aarch64__)
#if defined(__x86_64__)
#define GETPUT_ADD(reg) "add $1, " reg "\n\t"
#else
#define GETPUT_ADD(reg) "add " reg ", " reg ", #1\n\t"
#endif

void chain(std::uint64_t& a) noexcept {
  for (unsigned round = 0; round < kChainRounds; ++round) {
    asm volatile(".rept 16\n\t" GETPUT_ADD("%0") ".endr" : "+r"(a) : : "cc");
  }
}

void wide(std::uint64_t (&r)[6]) noexcept {
  for (unsigned round = 0; round < kWideRounds; ++round) {
    asm volatile(".rept 4\n\t" GETPUT_ADD("%0") GETPUT_ADD("%1") GETPUT_ADD("%2") GETPUT_ADD("%3")
                     GETPUT_ADD("%4") GETPUT_ADD("%5") ".endr"
                 : "+r"(r[0]), "+r"(r[1]), "+r"(r[2]), "+r"(r[3]), "+r"(r[4]), "+r"(r[5])
                 :
                 : "cc");
  }
}
#undef GETPUT_ADD

/// The clock is read after all earlier instructions, not while they are still in flight.
Clock::Ticks now_in_order(const Clock& clock) noexcept {
#if defined(__x86_64__)
  __builtin_ia32_lfence();
#else
  asm volatile("isb" : : : "memory");
#endif
  return clock.now();
}

constexpr bool kKnown = true;
#else
void chain(std::uint64_t&) noexcept {
}
void wide(std::uint64_t (&)[6]) noexcept {
}
Clock::Ticks now_in_order(const Clock& clock) noexcept {
  return clock.now();
}
constexpr bool kKnown = false;
#endif

/// How often both loops run, so that a coarse clock resolves the chain, which takes about 150 ns.
unsigned repeats(const Clock& clock) noexcept {
  constexpr double kChainNs = 150.0;
  constexpr double kSteps = 50.0;  // of the clock, for 2 % of error
  return static_cast<unsigned>(std::clamp(kSteps * clock.resolution_ns() / kChainNs, 1.0, 16.0));
}

}  // namespace

double issue_rate() noexcept {
  if (!kKnown) {
    return 0.0;
  }
  const Clock& clock = Clock::instance();
  const unsigned times = repeats(clock);
  std::uint64_t r[6] = {1, 2, 3, 4, 5, 6};
  const Clock::Ticks start = now_in_order(clock);
  for (unsigned i = 0; i < times; ++i) {
    chain(r[0]);
  }
  const Clock::Ticks middle = now_in_order(clock);
  for (unsigned i = 0; i < times; ++i) {
    wide(r);
  }
  const Clock::Ticks end = now_in_order(clock);
  if (middle <= start || end <= middle) {
    return 0.0;  // the clock is too coarse
  }
  const double cycle = static_cast<double>(middle - start) / (kChainRounds * kChainPerRound);
  return kWideRounds * kWidePerRound * cycle / static_cast<double>(end - middle);
}

}  // namespace getput::bench
