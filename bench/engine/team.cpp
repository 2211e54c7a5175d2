// SPDX-License-Identifier: MIT
#include "bench/engine/team.hpp"

#include <sched.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"
#include "schemes/machine/native.hpp"

namespace getput::bench {
namespace {

// Rank 0 looks at the clock about this often: a reading costs some 10 to 30 ns, so well under 1 %.
constexpr double kLookEveryNs = 5e3;
// A reading that comes so late, and takes so many times longer than usual, was held up.
constexpr double kGapAtLeastNs = 2e4;
constexpr Clock::Ticks kGapFactor = 5;
constexpr std::uint32_t kLongestStride = 1U << 16;
constexpr std::uint32_t kNeverLook = std::numeric_limits<std::uint32_t>::max();
constexpr double kWarmShare = 0.1;
constexpr double kWarmAtLeastNs = 2e4;
constexpr double kWarmAtMostNs = 1e6;

}  // namespace

// ---- a worker's side of a burst ----------------------------------------------------------------

bool WorkerContext::change_phase() noexcept {
  if (phase_ == kGate) {
    pass_gate();
    return phase_ != kDone;
  }
  if (phase_ == kWarm && !warmed_) {
    warmed_ = true;
    usage_before_ = usage_->read();
    usage_begin_ = team_->clock_.now();
    team_->warmed_.value.fetch_add(1, std::memory_order_relaxed);
  }
  looks_left_ = rank_ == 0 ? stride_ : kNeverLook;
  if (rank_ == 0) {
    keep_time();
  }
  const std::uint32_t shared = shared_phase();
  if (shared != phase_) {
    enter(shared);
  }
  return phase_ != kDone;
}

void WorkerContext::pass_gate() noexcept {
  auto& phase = team_->phase_.value;
  if (team_->arrived_.value.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
    std::uint32_t expected = kGate;  // not kGate: somebody failed, and the burst is over
    phase.compare_exchange_strong(expected, kWarm, std::memory_order_acq_rel);
  }
  while (phase.load(std::memory_order_acquire) == kGate) {
    machine::Native::cpu_relax();
  }
  looks_left_ = 1;  // look after the first batch, to report it
  stride_ = 1;
  enter(phase.load(std::memory_order_relaxed));
}

// The first readings of the warm phase teach what is usual.
void WorkerContext::look_for_gap(Clock::Ticks since_look) noexcept {
  const Clock::Ticks call = since_look / stride_;
  if (phase_ == kMeasure && since_look > team_->gap_ticks_ && call > kGapFactor * usual_call_) {
    ++report_.clock_gaps;
    report_.longest_gap = std::max(report_.longest_gap, since_look);
    return;
  }
  usual_call_ = usual_call_ == 0 ? call : (3 * usual_call_ + call) / 4;
}

void WorkerContext::keep_time() noexcept {
  const Clock::Ticks now = team_->clock_.now();
  const Clock::Ticks since_look = now - last_look_;
  last_look_ = now;
  look_for_gap(since_look);
  if (since_look < team_->look_ticks_ / 2) {
    stride_ = std::min(stride_ * 2, kLongestStride);
  } else if (since_look > team_->look_ticks_ * 2) {
    stride_ = std::max(stride_ / 4, 1U);
  }
  looks_left_ = stride_;
  const Clock::Ticks in_phase = now - phase_start_;
  std::uint32_t expected = phase_;
  if (phase_ == kWarm && in_phase >= team_->warm_ticks_ &&
      team_->warmed_.value.load(std::memory_order_relaxed) == size_) {
    team_->phase_.value.compare_exchange_strong(expected, kMeasure, std::memory_order_relaxed);
  } else if (phase_ == kMeasure && in_phase >= team_->measure_ticks_ &&
             team_->started_.value.load(std::memory_order_relaxed) == size_) {
    team_->phase_.value.compare_exchange_strong(expected, kCool, std::memory_order_relaxed);
  }
}

void WorkerContext::enter(std::uint32_t phase) noexcept {
  const Clock& clock = team_->clock_;
  phase_ = phase;
  switch (phase) {
    case kWarm:
      report_.active_begin = phase_start_ = last_look_ = clock.now();
      break;
    case kMeasure:
      report_.stayed = sched_getcpu() == static_cast<int>(pu_);
      team_->started_.value.fetch_add(1, std::memory_order_relaxed);
      ops_ = 0;
      report_.begin = phase_start_ = last_look_ = clock.now();
      break;
    case kCool:
      report_.end = clock.now();
      report_.ops = ops_;
      report_.stayed = report_.stayed && pinned_to(pu_);
      if (team_->ended_.value.fetch_add(1, std::memory_order_relaxed) + 1 == size_) {
        std::uint32_t expected = kCool;
        team_->phase_.value.compare_exchange_strong(expected, kDone, std::memory_order_relaxed);
      }
      break;
    default:
      report_.active_end = clock.now();
      report_.usage = usage_->read().since(usage_before_);
      report_.usage_ticks = report_.active_end - usage_begin_;
      break;
  }
}

void WorkerContext::gate() noexcept {
  auto& round = team_->gate_round_.value;
  const std::uint32_t mine = round.load(std::memory_order_relaxed);
  if (team_->gate_count_.value.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
    team_->gate_count_.value.store(0, std::memory_order_relaxed);
    round.store(mine + 1, std::memory_order_release);
    return;
  }
  // A failed thread never arrives; its failure is reported, so do not wait for it.
  while (round.load(std::memory_order_acquire) == mine && shared_phase() != kDone) {
    machine::Native::cpu_relax();
  }
}

// ---- the team ---------------------------------------------------------------------------------

Team::Team(std::vector<unsigned> pus)
    : pus_(std::move(pus)),
      clock_(Clock::instance()),
      look_ticks_(clock_.ticks(kLookEveryNs)),
      gap_ticks_(clock_.ticks(kGapAtLeastNs)),
      reports_(pus_.size()),
      pin_errors_(pus_.size()) {
  running_ = size();
  try {
    for (unsigned rank = 0; rank < size(); ++rank) {
      threads_.emplace_back(pus_[rank], [this, rank] { thread_main(rank); });
    }
  } catch (...) {
    shut_down();
    throw;
  }
  {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
  }
  for (const std::string& error : pin_errors_) {
    if (!error.empty()) {
      shut_down();
      throw EnvironmentError(error);
    }
  }
}

Team::~Team() {
  shut_down();
}

void Team::shut_down() noexcept {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  wake_.notify_all();
  threads_.clear();
}

// Before a controller may look at the phase.
void Team::reset() noexcept {
  for (auto* counter : {&phase_, &arrived_, &warmed_, &started_, &ended_, &gate_count_}) {
    counter->value.store(0, std::memory_order_relaxed);
  }
  stop_.value.store(false, std::memory_order_relaxed);
}

void Team::end_burst() noexcept {
  phase_.value.store(WorkerContext::kDone, std::memory_order_release);
}

void Team::start(double measure_ms, Call call, void* work, bool burst) {
  const std::lock_guard lock(mutex_);
  const double measure_ns = measure_ms * 1e6;
  warm_ticks_ = clock_.ticks(std::clamp(measure_ns * kWarmShare, kWarmAtLeastNs, kWarmAtMostNs));
  measure_ticks_ = clock_.ticks(measure_ns);
  call_ = call;
  work_ = work;
  burst_ = burst;
  failure_ = nullptr;
  running_ = size();
  ++job_;
  wake_.notify_all();
}

BurstReport Team::finish() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return running_ == 0; });
  if (std::exchange(controlled_, false)) {
    lock.unlock();
    const std::exception_ptr failure = controller_.finish();
    lock.lock();
    failure_ = failure ? failure : failure_;
  }
  if (failure_) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  BurstReport report;
  report.workers.reserve(reports_.size());
  for (const auto& worker : reports_) {
    report.workers.push_back(worker.value);
  }
  return report;
}

void Team::thread_main(unsigned rank) {
  try {
    pin_this_thread(pus_[rank]);
  } catch (const std::exception& error) {
    pin_errors_[rank] = error.what();
  }
  const UsageReader usage;
  std::uint64_t done = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (--running_ == 0) {
      idle_.notify_all();
    }
    wake_.wait(lock, [&] { return quit_ || job_ != done; });
    if (quit_) {
      return;
    }
    done = job_;
    lock.unlock();
    run_one(rank, usage);
    lock.lock();
  }
}

void Team::run_one(unsigned rank, const UsageReader& usage) {
  WorkerContext worker;
  worker.team_ = this;
  worker.rank_ = worker.report_.rank = rank;
  worker.size_ = size();
  worker.pu_ = worker.report_.pu = pus_[rank];
  worker.usage_ = &usage;
  std::exception_ptr failure;
  try {
    call_(work_, worker);
    if (burst_ && worker.phase_ != WorkerContext::kDone) {
      throw std::logic_error("the work of a burst returned before more() had said false");
    }
  } catch (...) {
    failure = std::current_exception();
    phase_.value.store(WorkerContext::kDone, std::memory_order_release);  // nobody waits for us
  }
  reports_[rank].value = worker.report_;
  if (failure) {
    const std::lock_guard lock(mutex_);
    failure_ = failure;
  }
}

}  // namespace getput::bench
