// SPDX-License-Identifier: MIT
// What the remover is doing, told to the callers so that they can judge each answer they get.
//
// The value only grows: 8 x removal + step. A caller reads it before and after a try_get; if both
// readings agree, the whole try_get lay inside that step.
//
//   step          a refusal is                       a success is
//   live          WRONG                              right
//   attempt       spurious (SchemeInfo must say so)  right
//   live_again    WRONG                              right
//   stopping      right                              right
//   stopped       right                              WRONG where certain_after_stop
//   restarting    right                              right
//
// Ordering
//   T1  The steps before a change (attempt, stopping, restarting) are announce()d: a full fence
//       keeps what the remover does next behind them. The steps after a change are published by a
//       release store, cheap enough to stand between stop() and the wait. now() is an acquire load.
//   T2  settled() puts a fence between the scheme's own (possibly relaxed) loads and the
//       second reading, so that the second reading is not older than what the scheme saw.
#pragma once

#include <atomic>
#include <cstdint>

#include "bench/engine/line.hpp"
#include "schemes/machine/fence.hpp"

namespace getput::bench::removal {

enum class Step : std::uint64_t {
  live = 0,
  attempt = 1,
  live_again = 2,
  stopping = 3,
  stopped = 4,
  restarting = 5
};

class Stage {
 public:
  /// Remover: about to change the object.
  void announce(Step step) noexcept {
    tell(step);
    machine::full_fence();  // T1
  }

  /// Remover: has changed the object; live begins the next removal.
  void tell(Step step) noexcept {
    const std::uint64_t old = value_.value.load(std::memory_order_relaxed);
    const std::uint64_t removal = old / kSteps + (step == Step::live ? 1 : 0);
    value_.value.store(removal * kSteps + static_cast<std::uint64_t>(step),
                       std::memory_order_release);  // T1
  }

  /// Caller, before a try_get.
  std::uint64_t now() const noexcept { return value_.value.load(std::memory_order_acquire); }  // T1

  /// Caller, after it.
  std::uint64_t settled() const noexcept {
    machine::full_fence();  // T2
    return value_.value.load(std::memory_order_acquire);
  }

  /// Was the object live, with no removal begun, from the first reading to the second?
  static bool live_throughout(std::uint64_t before, std::uint64_t after) noexcept {
    return before == after && (step(after) == Step::live || step(after) == Step::live_again);
  }
  /// Was there at most an attempt that then failed?
  static bool not_stopped(std::uint64_t before, std::uint64_t after) noexcept {
    return before / kSteps == after / kSteps && step(after) <= Step::live_again;
  }
  static bool stopped_throughout(std::uint64_t before, std::uint64_t after) noexcept {
    return before == after && step(after) == Step::stopped;
  }

 private:
  static constexpr std::uint64_t kSteps = 8;
  static Step step(std::uint64_t value) noexcept { return static_cast<Step>(value % kSteps); }

  Padded<std::atomic<std::uint64_t>> value_;
};

/// The word that stands for the module's text: written by the remover once drained() is true, read
/// by callers inside their references.
class Text {
 public:
  void unmap() noexcept { word_.value.store(kGone, std::memory_order_relaxed); }
  void map() noexcept { word_.value.store(kMapped, std::memory_order_release); }

  /// Caller, inside a reference: is the text gone? A stale value is no proof, so it looks twice.
  bool gone() const noexcept {
    if (word_.value.load(std::memory_order_relaxed) == kMapped) [[likely]] {
      return false;
    }
    machine::full_fence();
    return word_.value.load(std::memory_order_relaxed) != kMapped;
  }

 private:
  static constexpr std::uint64_t kMapped = 0x7e57;
  static constexpr std::uint64_t kGone = 0xdead;
  Padded<std::atomic<std::uint64_t>> word_{kMapped};
};

}  // namespace getput::bench::removal
