// SPDX-License-Identifier: MIT
#include "bench/workloads/dst_series/dst_series.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/catalog/grid.hpp"
#include "bench/engine/errors.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/trial/runner.hpp"
#include "bench/trial/schedule.hpp"
#include "bench/workloads/dst_series/frame.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"
#include "schemes/control/none.hpp"

namespace getput::bench::dst_series {
namespace {

using netpath::QsbrThread;

constexpr unsigned kCopies = 2;
constexpr double kRestMs = 40.0;  // pilot and controls
using Senders = std::vector<std::unique_ptr<Sender>>;
using SliceCode = void (*)(World&, Sender&, Slice&);

std::unique_ptr<Sender> make_sender() {
  auto sender = std::make_unique<Sender>();
  sender->memory = std::make_unique<Dst[]>(kRoutes);
  for (std::size_t i = 0; i < kRoutes; ++i) {
    sender->memory[i].next = sender->free;
    sender->free = &sender->memory[i];
  }
  return sender;
}

/// Routes whose grace period is over may be used again.
void reclaim(Sender& sender) noexcept {
  QsbrThread::synchronize();
  while (sender.retired != nullptr) {
    Dst* dst = std::exchange(sender.retired, sender.retired->next);
    dst->next = sender.free;
    sender.free = dst;
  }
  sender.retired_count = 0;
}

template <std::uint8_t Bits, unsigned Copy>
[[gnu::noinline]] void run_slice(World& world, Sender& sender, Slice& slice) {
  asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(Copy * 16));
  std::size_t done = 0;
  while (slice.more(done)) {
    done = send_batch<Bits>(world, sender);
    if constexpr ((Bits & kGracePeriod) != 0) {
      if (sender.retired_count > kRoutes - 2 * kBatch) [[unlikely]]
        reclaim(sender);
    }
    QsbrThread::quiescent();
  }
}

template <std::uint8_t Bits>
constexpr std::array<SliceCode, kCopies> kCode = {&run_slice<Bits, 0>, &run_slice<Bits, 1>};

template <std::size_t... I>
SliceCode code_of(std::size_t step, bool subject, unsigned copy,
                  std::index_sequence<I...> /*all*/) {
  SliceCode code = nullptr;
  ((code = I == step
               ? (subject ? kCode<kSteps[I].shared_before> : kCode<kSteps[I].shared_after>)[copy]
               : code),
   ...);
  return code;
}

std::size_t step_named(const std::string& id) {
  std::string known;
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    if (kSteps[i].id == id)
      return i;
    known += " " + std::string(kSteps[i].id);
  }
  throw RequestError("unknown step " + id + "; known:" + known);
}

class SeriesCell final : public Cell {
 public:
  explicit SeriesCell(const CellSpec& spec)
      : step_(step_named(spec.params.at("step").get<std::string>())) {}

  Measurement run(TrialContext& trial) override {
    const auto world = std::make_unique<World>();
    Senders senders(trial.team.size());
    trial.team.run_task([&](WorkerContext& worker) { senders[worker.rank()] = make_sender(); });
    SlicedArms arms;
    arms.baseline = "after";
    arms.copies = kCopies;
    arms.work.around = [](WorkerContext&, const std::function<void()>& slices) {
      QsbrThread reader;
      reader.online();
      slices();
    };
    arms.work.run = [&](WorkerContext& worker, SliceStep step, Slice& slice) {
      const SliceCode code = code_of(step_, step.arm == kSubject, step.copy,
                                     std::make_index_sequence<kSteps.size()>());
      code(*world, *senders[worker.rank()], slice);
    };
    SliceSettings settings;
    settings.total_ms = trial.slices_ms;
    settings.seed = trial.seed;
    settings.planted_ns = trial.planted_ns;
    Measurement result = trial.schedule.run_slices(arms, settings, "ns/frame");
    check(*world, senders, result);
    return result;
  }

 private:
  /// Every reference was given back and no frame was lost.
  static void check(const World& world, const Senders& senders, Measurement& result) {
    Verdict verdict;
    std::int64_t device = world.device_refs.load() - 1;
    std::int64_t entries = world.dst_entries.load();
    for (const auto& sender : senders) {
      device += sender->device_refs;
      entries += sender->dst_entries;
      if (sender->lost != 0)
        verdict.wrong(std::to_string(sender->lost) + " frames found no memory for a route");
    }
    const std::pair<const char*, std::int64_t> balances[] = {
        {"net_device", device},
        {"dst_ops.entries", entries},
        {"fib_info", world.fib_clntref.load() - 1},
        {"in_device", world.in_device_refs.load() - 1},
        {"hh", world.hh_refs.load() - 1}};
    for (const auto& [name, balance] : balances) {
      if (balance != 0)
        verdict.wrong(std::string("references to ") + name +
                      " do not balance: " + std::to_string(balance));
    }
    result.oracle_ok = verdict.ok();
    result.oracle_detail = verdict.detail();
  }

  const std::size_t step_;
};

std::vector<CellSpec> enumerate(const GridRequest& request) {
  std::vector<CellSpec> cells;
  for (const std::string& policy : request.places) {
    for (const unsigned threads : request.threads) {
      for (const Step& step : kSteps) {
        const Json params = {{"step", step.id}, {"threads", threads}};
        CellSpec cell = make_cell(kName, None<>::info, params, policy, threads, request);
        cell.est_trial_ms = cell.possible ? kRestMs + TrialSettings{}.slices_ms : 0.0;
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

Json steps_json() {
  Json steps = Json::array();
  for (const Step& step : kSteps) {
    steps.push_back({{"id", step.id},
                     {"commit", step.commit},
                     {"removed", step.removed},
                     {"before_us", step.before_us},
                     {"after_us", step.after_us}});
  }
  return steps;
}

}  // namespace

WorkloadEntry workload() {
  WorkloadEntry entry;
  entry.name = kName;
  entry.summary = kSummary;
  entry.details = {{"steps", steps_json()}};
  entry.enumerate = &enumerate;
  entry.make = [](const CellSpec& spec, const GridRequest&) -> std::unique_ptr<Cell> {
    return std::make_unique<SeriesCell>(spec);
  };
  return entry;
}

}  // namespace getput::bench::dst_series
