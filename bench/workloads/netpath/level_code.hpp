// SPDX-License-Identifier: MIT
// The compiled code of one charge level: the loop of a time slice in several copies, and a pass
// over the input that counts references.
//
// Where a loop lies in memory is worth half a nanosecond a packet, and it is the same in every
// process of a binary. So each level is compiled kCopies times, each copy shifted by a different
// number of instructions against the cache lines, and a trial draws the copies equally often.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "bench/engine/slices.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"
#include "bench/workloads/netpath/path.hpp"

namespace getput::bench::netpath {

inline constexpr unsigned kCopies = 4;

/// Where all workers meet before and after they free what is in flight. Needed when one worker
/// frees what another received (spray steering): without it, a packet of one arm would be freed by
/// the other arm at the switch.
struct Meeting {
  WorkerContext& worker;
  QsbrThread& reader;

  /// Offline while it waits: another worker may wait for a grace period before it arrives.
  void wait() noexcept {
    reader.offline();
    worker.gate();
    reader.online();
  }
};

/// What the code of a level works on, besides the worker's core.
struct PathContext {
  Network& network;
  const void* modules = nullptr;  ///< PathModules of the scheme that the code was compiled for
  bool raw = false;               ///< a raw socket listens too
  Meeting* meeting = nullptr;     ///< null: no worker frees what another received
};

/// One worker's slice; its thread is online in urcu-qsbr.
using SliceCode = void (*)(const PathContext&, Core&, Slice&);
/// The copies of a level.
using LevelCode = std::array<SliceCode, kCopies>;

/// Runs polls until the slice is over, then frees what is in flight.
template <class S, Level L, unsigned Copy>
[[gnu::noinline, gnu::flatten]] void run_slice(const PathContext& context, Core& core,
                                               Slice& slice) {
  asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(Copy * 16));
  Path<S, L, false> path(context.network, *static_cast<const PathModules<S>*>(context.modules),
                         core, context.raw);
  std::size_t done = 0;
  while (slice.more(done)) {
    done = path.poll();
    QsbrThread::quiescent();
  }
  if (context.meeting != nullptr)
    context.meeting->wait();
  path.drain();
  if (context.meeting != nullptr)
    context.meeting->wait();
  QsbrThread::quiescent();
}

template <class S, Level L>
inline constexpr LevelCode kLevelCode = [
]<unsigned... Copy>(std::integer_sequence<unsigned, Copy...>) {
  return LevelCode{&run_slice<S, L, Copy>...};
}
(std::make_integer_sequence<unsigned, kCopies>());

/// The levels that this binary has for scheme S; null where a level is not compiled in. Filled
/// before main() by the units that compile them.
template <class S>
class CompiledLevels {
 public:
  static const LevelCode* find(Level level) noexcept { return codes_[index(level)]; }

  template <Level L>
  static bool add() noexcept {
    codes_[index(L)] = &kLevelCode<S, L>;
    return true;
  }

 private:
  static constexpr std::size_t index(Level level) noexcept {
    return static_cast<std::size_t>(level);
  }
  static inline constinit std::array<const LevelCode*, kLevels.size()> codes_{};
};

}  // namespace getput::bench::netpath
