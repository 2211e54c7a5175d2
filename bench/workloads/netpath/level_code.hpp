// SPDX-License-Identifier: MIT
// The compiled code of one charge level in one era and shape: the loop of a time slice in several
// copies, and what surrounds the slices.
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

/// One in builds that measure nothing, which the build says.
#if !defined(GETPUT_PATH_COPIES)
#define GETPUT_PATH_COPIES 2
#endif
inline constexpr unsigned kCopies = GETPUT_PATH_COPIES;

/// Where all workers meet before and after they free what is in flight. Needed when one worker
/// frees what another received (spray steering, remote frees): without it, a packet of one arm
/// would be freed by the other arm at the switch.
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

struct LevelCode {
  std::array<SliceCode, kCopies> copies;
  /// Begins the counts of the network's objects with the schemes that this code uses.
  void (*count_objects)(Network&);
  /// Gives back what an idle core keeps. On the thread that ran the slices.
  void (*flush)(const PathContext&, Core&);
};

namespace detail {

template <class P, class S>
P make_path(const PathContext& context, Core& core) noexcept {
  return P(context.network, *static_cast<const PathModules<S>*>(context.modules), core,
           context.raw);
}

/// Runs polls until the slice is over, then frees what is in flight.
template <class S, Charge C, Variant V, unsigned Copy>
[[gnu::noinline, gnu::flatten]] void run_slice(const PathContext& context, Core& core,
                                               Slice& slice) {
  asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(Copy * 16));
  auto path = make_path<Path<S, C, V, false>, S>(context, core);
  std::size_t done = 0;
  while (slice.more(done)) {
    done = path.poll();
    QsbrThread::quiescent();
  }
  if (context.meeting != nullptr)
    context.meeting->wait();
  path.drain();
  if (context.meeting != nullptr) {
    context.meeting->wait();
    path.drain();  // what the others have left to this one
    context.meeting->wait();
  }
  QsbrThread::quiescent();
}

template <class S, Charge C, Variant V>
[[gnu::cold]] void flush(const PathContext& context, Core& core) {
  make_path<Path<S, C, V, false>, S>(context, core).flush();
}

template <class S, Charge C, Variant V, unsigned... Copy>
constexpr LevelCode level_code(std::integer_sequence<unsigned, Copy...> /*copies*/) noexcept {
  return {{&run_slice<S, C, V, Copy>...},
          [](Network& network) { network.count_with<VariantObjects<V>>(); },
          &flush<S, C, V>};
}

}  // namespace detail

template <class S, Charge C, Variant V>
inline constexpr LevelCode kLevelCode =
    detail::level_code<S, C, V>(std::make_integer_sequence<unsigned, kCopies>());

/// The code that this binary has for scheme S; null where it is not compiled in. Filled before
/// main() by the units that compile it.
template <class S>
class CompiledLevels {
 public:
  static const LevelCode* find(std::size_t level, Variant variant) noexcept {
    return codes_[level][index(variant)];
  }

  /// Compiles the level with this index for each of the variants.
  template <std::size_t L, Variant... V>
  static void add() noexcept {
    ((codes_[L][index(V)] = &kLevelCode<S, kLevels[L].charge, V>), ...);
  }

 private:
  static constexpr std::size_t index(Variant variant) noexcept {
    for (std::size_t i = 0; i < kVariants.size(); ++i) {
      if (kVariants[i] == variant)
        return i;
    }
    return 0;
  }
  static inline constinit std::array<std::array<const LevelCode*, kVariants.size()>, kLevelCount>
      codes_{};
};

}  // namespace getput::bench::netpath
