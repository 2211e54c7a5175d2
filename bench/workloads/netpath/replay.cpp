// SPDX-License-Identifier: MIT
// The replay of a cell: the code that a trial times, for a fixed number of packets and without a
// clock, so that callgrind can count its instructions.
//
// The arms take turns, each once for n packets and once for 2n. The difference of the two is what n
// packets cost once the loop runs: what a slice does before its first packet and after its last
// cancels.
//
// Every window begins in the same state, so that level 0 against level 0 differs by exactly
// nothing:
//   - a window is whole passes over the input, and a pass leaves the tables as the pass before left
//     them;
//   - it has a core of its own, which one uncounted pass has warmed;
//   - a rehearsal as long as the longest window has made the sockets that all of them need.
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "bench/engine/errors.hpp"
#include "bench/trial/slice_pairs.hpp"
#include "bench/workloads/netpath/cell.hpp"

namespace getput::bench::netpath {

/// callgrind counts while this function runs (--toggle-collect) and writes down what it counted at
/// its end (--dump-after): the name is part of the program's interface.
extern "C" [[gnu::noinline, gnu::used]] void getput_replay_window(SliceCode code,
                                                                  const PathContext& context,
                                                                  Core& core, Slice& slice) {
  code(context, core, slice);
  asm volatile("");  // not a tail call: the function must return after the loop
}

namespace {

/// The same, uncounted.
void rehearse(SliceCode code, const PathContext& context, Core& core, Slice& slice) {
  code(context, core, slice);
}

struct Window {
  std::uint8_t arm;
  unsigned times;  ///< the passes asked for
};

constexpr std::array<Window, 4> kWindows = {
    {{kBaseline, 1}, {kSubject, 1}, {kBaseline, 2}, {kSubject, 2}}};
constexpr unsigned kLongest = 2;

}  // namespace

void NetpathCell::replay_arm(const ReplayStage& stage, std::uint8_t arm, std::uint64_t passes,
                             ReplayCall call) {
  const bool charged = arm == kSubject;
  const SliceCode code = (charged ? code_ : uncharged_code(params_.variant)).copies[0];
  const PathContext context{*network_,
                            charged ? stage.path.modules() : stage.path.uncharged_modules(),
                            params_.raw_socket};
  const std::uint64_t pass = stage.rings.front()->pass();
  Cores cores = make_cores(stage.rings, stage.team);
  cores.front()->time_wait_ticks = 0;  // what depends on the time of day cannot be replayed
  if (charged && level_.charge.packet == PacketRefs::queue)
    stage.path.attach_queue_counts(cores);
  on_workers(stage.team, stage.path, [&](WorkerContext&, const PathContext&) {
    Slice warm_up(pass);
    rehearse(code, context, *cores.front(), warm_up);
    Slice slice(passes * pass);
    call(code, context, *cores.front(), slice);
    if (charged)
      code_.flush(context, *cores.front());
  });
  check_books(cores, stage.verdict);
}

Json NetpathCell::replay(const ReplayRequest& request) {
  if (request.team.size() != 1)
    throw RequestError("a cell with several workers cannot be replayed; take threads:1");
  Verdict verdict;
  code_.count_objects(*network_);
  const auto rings = rings_for(input_, params_.steering, request.team);
  const std::unique_ptr<LoadedPath> path = load_();
  const ReplayStage stage{request.team, *rings, *path, verdict};
  const double gets =
      pass(params_.level, *rings, request.team, *path, verdict).per_packet(Referred::module);
  replay_arm(stage, kBaseline, kLongest * request.passes, &rehearse);
  Json windows = Json::array();
  for (const Window& window : kWindows) {
    const std::uint64_t passes = window.times * request.passes;
    replay_arm(stage, window.arm, passes, &getput_replay_window);
    windows.push_back({{"arm", window.arm == kSubject ? "subject" : "baseline"},
                       {"packets", passes * rings->front()->pass()}});
  }
  path->unload(verdict);
  return {{"baseline", kLevels[level("L0")].id},
          {"windows", std::move(windows)},
          {"gets_per_packet", gets},
          {"oracle",
           {{"ok", verdict.ok()}, {"detail", verdict.ok() ? Json() : Json(verdict.detail())}}}};
}

}  // namespace getput::bench::netpath
