// SPDX-License-Identifier: MIT
// How long and how hard the contract checks attack. GETPUT_TEST_SCALE multiplies it: 0.1 under an
// emulator, 20 for a night.
#pragma once

#include <chrono>

#if defined(__SANITIZE_THREAD__)
#define GETPUT_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GETPUT_TEST_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GETPUT_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GETPUT_TEST_ASAN 1
#endif
#endif

namespace getput::contract {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

#if defined(GETPUT_TEST_TSAN)
inline constexpr bool kTsan = true;
#else
inline constexpr bool kTsan = false;
#endif
#if defined(GETPUT_TEST_ASAN)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = kTsan;
#endif

#if defined(GETPUT_TEST_EMULATED)
inline constexpr bool kEmulated = true;
#else
inline constexpr bool kEmulated = false;
#endif
/// Why a test makes no thread in the child of a process with threads; empty where it can.
inline constexpr const char* kNoThreadsAfterFork =
    kTsan ? "ThreadSanitizer does not follow a fork of threads"
          : (kEmulated ? "qemu-user ends a child of threads that makes one of its own" : "");

/// GETPUT_TEST_SCALE; where it is not set 1, or 0.1 in a cross build, which runs emulated. A value
/// that is not a positive number ends the program with a line that says so.
double scale();

/// @p n loops, scaled; a tenth of them under a sanitizer; at least one.
long times(long n);

/// How long an attack goes on that hopes to see nothing.
milliseconds burst();

/// How long a hunt goes on for something that the scheme says can happen.
milliseconds hunt();

/// for (Rounds round(300); round; ++round): scaled rounds, and no more once ten bursts are over,
/// for schemes whose every removal waits for a grace period.
class Rounds {
 public:
  explicit Rounds(long n) : left_(times(n)), end_(Clock::now() + 10 * burst()) {}
  explicit operator bool() const { return left_ > 0 && (number_ == 0 || Clock::now() < end_); }
  void operator++() {
    --left_;
    ++number_;
  }
  long number() const { return number_; }

 private:
  long left_;
  long number_ = 0;
  Clock::time_point end_;
};

/// How long a step may take that must end; generous, for loaded machines.
milliseconds patience();

/// For programs in which a step is expected not to end (the mutants).
void set_patience(milliseconds limit);

}  // namespace getput::contract
