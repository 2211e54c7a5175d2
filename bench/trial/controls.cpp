// SPDX-License-Identifier: MIT
#include "bench/trial/controls.hpp"

#include <array>
#include <atomic>
#include <new>

#include "bench/engine/line.hpp"
#include "bench/engine/pair_batch.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench {
namespace {

using Word = std::atomic<std::uint64_t>;

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

constexpr unsigned kTransferLines = 16;
// Round trips on a line before the next one: few, so that a burst visits all lines even where a
// transfer takes 400 ns.
constexpr unsigned kRoundTrips = 8;

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
[[gnu::always_inline]] inline void fetch_add_one(Word* word) noexcept {
  const std::uint64_t fetched = opaque(word)->fetch_add(1, std::memory_order_relaxed);
  asm volatile("" : : "r"(fetched));
}

void fetch_add_until_over(WorkerContext& worker, Word* word) {
  while (worker.more()) {
    for (unsigned i = 0; i < kBatch / kUnroll; ++i) {
      fetch_add_one(word);
      fetch_add_one(word);
      fetch_add_one(word);
      fetch_add_one(word);
    }
    worker.count(kBatch);
  }
}

/// Waits for the line to reach `turn`; false: the burst is over. No pause between two looks: it
/// would take longer than the transfer.
bool await_turn(const WorkerContext& worker, const Word& line, std::uint64_t turn) noexcept {
  while (line.load(std::memory_order_acquire) != turn) {
    if (worker.over()) {
      return false;
    }
  }
  return true;
}

/// The turns of one of the two threads, in the order of the lines: each line counts its transfers.
void hand_over_until_over(WorkerContext& worker, const std::vector<Word*>& lines) {
  const std::uint64_t mine = worker.rank();  // 0 or 1
  for (std::uint64_t visit = 0; worker.more(); ++visit) {
    Word& line = *lines[visit % lines.size()];
    std::uint64_t turn = visit / lines.size() * 2 * kRoundTrips + mine;
    for (unsigned i = 0; i < kRoundTrips; ++i, turn += 2) {
      if (!await_turn(worker, line, turn)) {
        break;
      }
      line.store(turn + 1, std::memory_order_release);
    }
    worker.count(2 * kRoundTrips);  // to the other one and back
  }
}

}  // namespace

struct Controls::Lines {
  explicit Lines(unsigned threads) : plain(threads), chain(threads), own(threads) {}
  std::vector<Padded<PlainWord>> plain;
  std::vector<Padded<ChainLine>> chain;
  std::vector<Padded<Word>> own;
  Arena::Span shared;
};

Controls::Controls(Team& team, Random& random)
    : team_(team), random_(random), lines_(new Lines(team.size())) {
  lines_->shared = Arena::instance().draw(sizeof(Padded<Word>), random_);
  new (lines_->shared.data()) Padded<Word>();
}

Controls::~Controls() = default;

std::vector<Controls::Named> Controls::all() const {
  std::vector<Named> named = {{"plain", &Controls::plain},
                              {"chain", &Controls::chain},
                              {"lock_xadd", &Controls::lock_xadd},
                              {"fetch_add", &Controls::fetch_add}};
  if (team_.size() > 1) {
    named.push_back({"line_transfer", &Controls::line_transfer});
  }
  return named;
}

BurstReport Controls::plain(double burst_ms) {
  return team_.run_burst(burst_ms, [this](WorkerContext& worker) {
    PlainWord* object = &lines_->plain[worker.rank()].value;
    while (worker.more()) {
      pair_batch<false>(object, 0);
      worker.count(kBatch);
    }
  });
}

BurstReport Controls::chain(double burst_ms) {
  return team_.run_burst(burst_ms, [this](WorkerContext& worker) {
    std::uint64_t* line = lines_->chain[worker.rank()].value.data();
    std::uint64_t zero = 0;
    asm volatile("" : "+r"(zero));
    while (worker.more()) {
      chain_batch(line, zero);
      worker.count(kBatch);
    }
  });
}

BurstReport Controls::lock_xadd(double burst_ms) {
  return team_.run_burst(burst_ms, [this](WorkerContext& worker) {
    fetch_add_until_over(worker, &lines_->own[worker.rank()].value);
  });
}

BurstReport Controls::fetch_add(double burst_ms) {
  return team_.run_burst(burst_ms, [this](WorkerContext& worker) {
    fetch_add_until_over(worker, reinterpret_cast<Word*>(lines_->shared.data()));
  });
}

BurstReport Controls::line_transfer(double burst_ms) {
  std::vector<Arena::Span> spans;
  std::vector<Word*> lines;
  for (unsigned i = 0; i < kTransferLines; ++i) {
    spans.push_back(Arena::instance().draw(sizeof(Padded<Word>), random_));
    lines.push_back(&(new (spans.back().data()) Padded<Word>())->value);
  }
  return team_.run_burst(burst_ms, [&lines](WorkerContext& worker) {
    if (worker.rank() < 2) {
      hand_over_until_over(worker, lines);
    } else {
      while (worker.more()) {
      }
    }
  });
}

}  // namespace getput::bench
