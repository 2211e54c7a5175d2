// SPDX-License-Identifier: MIT
#include "bench/trial/controls.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include "bench/engine/line.hpp"
#include "bench/engine/pair_batch.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench {
namespace {

constexpr double kOverlapAtLeast = 0.99;

/// The plain control, in the form the pair loop expects.
struct PlainWord {
  std::uint64_t word = 0;

  BoolTicket try_get() noexcept {
    word += 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);  // or the compiler merges add and sub
    return BoolTicket(true);
  }
  void put(BoolTicket) noexcept {
    word -= 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
};

constexpr unsigned kChainWords = kLine / sizeof(std::uint64_t);
using ChainLine = std::array<std::uint64_t, kChainWords>;

/// kBatch pairs whose every access takes its address from the value read before: `zero` is 0, which
/// the compiler does not know, so `value & zero` is no distance but is a dependency.
[[gnu::always_inline]] inline void chain_batch(std::uint64_t* line, std::uint64_t zero) noexcept {
  std::uint64_t index = 0;
  for (unsigned i = 0; i < kBatch; ++i) {
    std::uint64_t* word = opaque(line + index);
    std::uint64_t value = *word;
    *word = value + 1;
    word = opaque(word + (value & zero));
    value = *word;
    *word = value - 1;
    index = ((index + 1) & (kChainWords - 1)) + (value & zero);
  }
}

/// One fetch_add whose result is wanted.
[[gnu::always_inline]] inline void fetch_add_one(std::atomic<std::uint64_t>* word) noexcept {
  const std::uint64_t fetched = opaque(word)->fetch_add(1, std::memory_order_relaxed);
  asm volatile("" : : "r"(fetched));
}

}  // namespace

void GateFindings::add(const BurstReport& burst) {
  involuntary_switch = involuntary_switch || burst.involuntary_switches() != 0;
  no_overlap = no_overlap || burst.overlap() < kOverlapAtLeast;
  migrated = migrated || !burst.all_stayed();
}

std::vector<std::string> GateFindings::reasons() const {
  std::vector<std::string> names;
  if (involuntary_switch) {
    names.emplace_back("involuntary_switch");
  }
  if (no_overlap) {
    names.emplace_back("no_overlap");
  }
  if (migrated) {
    names.emplace_back("migrated");
  }
  return names;
}

struct ControlSet::Lines {
  explicit Lines(unsigned threads) : plain(threads), chain(threads) {}
  std::vector<Padded<PlainWord>> plain;
  std::vector<Padded<ChainLine>> chain;
  Padded<std::atomic<std::uint64_t>> shared;
};

ControlSet::ControlSet(Team& team, std::uint64_t seed, double control_ms)
    : team_(team), seed_(seed), control_ms_(control_ms), lines_(new Lines(team.size())) {
}

ControlSet::~ControlSet() = default;

std::vector<BurstReport> ControlSet::interleave(
    const std::function<BurstReport(unsigned)>& scheme_burst) {
  static constexpr std::array kControls{&ControlSet::run_plain, &ControlSet::run_fetch_add,
                                        &ControlSet::run_chain};
  static_assert(kControls.size() + 1 == kParts);
  std::vector<BurstReport> kept;
  for (unsigned round = 0; round < kRounds; ++round) {
    for (unsigned i = 0; i < kParts; ++i) {
      const auto part = static_cast<std::size_t>((seed_ + round + i) % kParts);
      if (part == kControls.size()) {
        kept.push_back(passing([&] { return scheme_burst(round); }));
      } else {
        sums_[part] += passing([&] { return (this->*kControls[part])(); }).mean_ns_per_op();
        ++counts_[part];
      }
    }
  }
  return kept;
}

BurstReport ControlSet::passing(const std::function<BurstReport()>& burst) {
  for (unsigned tries = 1;; ++tries) {
    BurstReport report = burst();
    GateFindings findings;
    findings.add(report);
    if (findings.reasons().empty() || tries == kTries) {
      gate_.add(report);
      return report;
    }
    ++repeated_;
    // Something else wants a CPU of ours: let it run, and start rested.
    std::this_thread::sleep_for(std::chrono::milliseconds(tries));
  }
}

BurstReport ControlSet::run_plain() {
  return team_.run_burst(control_ms_, [this](WorkerContext& worker) {
    PlainWord* object = &lines_->plain[worker.rank()].value;
    while (worker.more()) {
      pair_batch<false>(object, 0);
      worker.count(kBatch);
    }
  });
}

BurstReport ControlSet::run_fetch_add() {
  return team_.run_burst(control_ms_, [this](WorkerContext& worker) {
    std::atomic<std::uint64_t>* word = &lines_->shared.value;
    while (worker.more()) {
      for (unsigned i = 0; i < kBatch / kUnroll; ++i) {
        fetch_add_one(word);
        fetch_add_one(word);
        fetch_add_one(word);
        fetch_add_one(word);
      }
      worker.count(kBatch);
    }
  });
}

BurstReport ControlSet::run_chain() {
  return team_.run_burst(control_ms_, [this](WorkerContext& worker) {
    std::uint64_t* line = lines_->chain[worker.rank()].value.data();
    std::uint64_t zero = 0;
    asm volatile("" : "+r"(zero));
    while (worker.more()) {
      chain_batch(line, zero);
      worker.count(kBatch);
    }
  });
}

ControlResult ControlSet::result() const {
  const auto mean = [this](std::size_t part) {
    return counts_[part] == 0 ? -1.0 : sums_[part] / counts_[part];
  };
  return {mean(0), mean(1), mean(2)};
}

}  // namespace getput::bench
