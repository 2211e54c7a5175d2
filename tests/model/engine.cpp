// SPDX-License-Identifier: MIT
#include "tests/model/engine.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "tests/model/cell.hpp"
#include "tests/model/rcu.hpp"
#include "tests/model/trace.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/world.hpp"

#include "tests/model/checker.hpp"

namespace getput::model {
namespace {

// Relacy replaces these for the program by inline definitions; whoever allocates and whoever frees
// must get the same ones, so they are emitted here.
[[gnu::used]] void* (*const keep_new)(std::size_t) = &::operator new;
[[gnu::used]] void* (*const keep_new_array)(std::size_t) = &::operator new[];
[[gnu::used]] void (*const keep_delete)(void*) noexcept = &::operator delete;
[[gnu::used]] void (*const keep_delete_array)(void*) noexcept = &::operator delete[];

const Plan* current = nullptr;

// Relacy's random search may switch threads at every step, so that one thread hardly ever gets far
// while another stands still. Here every second execution lets a thread that is switched to do 1,
// 2, 4 ... 64 steps, and the others run by priority: the runnable thread with the highest one runs,
// until one of a few random steps puts it last (probabilistic concurrency testing: Burckhardt,
// Kothari, Musuvathi, Nagarakatte, ASPLOS 2010). Everything is drawn from the execution's number,
// so that a failing one can be run again.
template <int Threads>
class Random : public rl::random_scheduler<Threads> {
  using Base = rl::random_scheduler<Threads>;

 public:
  using Base::Base;

  rl::thread_id_t schedule(rl::unpark_reason& reason, unsigned yield) {
    const bool goes_on = yield == 0 && this->thread_->state_ == rl::thread_state_running;
    reason = rl::unpark_reason_normal;
    if (this->iter_ % 2 == 0)
      return by_priority(goes_on);
    if (goes_on && stay_ != 0) {
      --stay_;
      return this->thread_->index_;
    }
    stay_ = (1U << draw(7)) - 1;
    return Base::schedule(reason, yield);
  }

  rl::thread_id_t iteration_begin(rl::iteration_t iteration) {
    const rl::thread_id_t first = Base::iteration_begin(iteration);
    stay_ = 0;
    step_ = 0;
    last_ = 0;
    for (int i = 0; i < Threads; ++i) {
      order(i) = i + 1;
      std::swap(order(i), order(static_cast<int>(draw(static_cast<unsigned>(i) + 1))));
    }
    const unsigned length = 16U << draw(5);
    for (unsigned& demotion : demotions_) demotion = draw(length);
    return first;
  }

 private:
  static constexpr std::size_t kDemotions = 4;

  unsigned draw(unsigned limit) { return this->rand(limit, rl::sched_type_sched); }
  int& order(int thread) { return priority_[static_cast<std::size_t>(thread)]; }

  rl::thread_id_t by_priority(bool goes_on) {
    ++step_;
    if (!goes_on || std::find(demotions_.begin(), demotions_.end(), step_) != demotions_.end())
      order(this->thread_->index_) = --last_;
    const auto begin = this->running_threads.begin();
    const rl::thread_id_t next =
        *std::max_element(begin, begin + this->running_threads_count,
                          [this](int a, int b) { return order(a) < order(b); });
    this->thread_ = &this->threads_[next];
    return next;
  }

  unsigned stay_ = 0;
  unsigned step_ = 0;
  int last_ = 0;
  std::array<int, static_cast<std::size_t>(Threads)> priority_{};
  std::array<unsigned, kDemotions> demotions_{};
};

// Relacy's search with a bound on preemptions, and one on executions.
template <int Threads>
class Bounded : public rl::context_bound_scheduler<Threads> {
 public:
  using rl::context_bound_scheduler<Threads>::context_bound_scheduler;

  bool iteration_end() {
    const bool all = rl::context_bound_scheduler<Threads>::iteration_end();
    return all || this->iter_ >= this->params_.iteration_count;
  }
};

// Threads that the plan does not use finish at once.
template <int Threads>
struct Suite : rl::test_suite<Suite<Threads>, Threads> {
  Suite() {
    execution::begin(Threads, current->threads + (current->background ? 1 : 0),
                     current->membarrier);
    Rcu::begin_execution();
    uses = {};
    scenario_.reset(current->make());
  }
  ~Suite() {
    scenario_.reset();
    execution::end();
  }

  void before() { scenario_->setup(); }

  void thread(unsigned index) {
    const int i = static_cast<int>(index);
    if (i > current->threads || (i == current->threads && !current->background))
      return;
    execution::start_thread();
    if (i == current->threads)
      Rcu::run_callbacks();
    else
      scenario_->thread(i);
    execution::finish_thread();
  }

  void after() { scenario_->teardown(); }

 private:
  std::unique_ptr<Scenario> scenario_;
};

template <class Suite, class Scheduler>
Outcome search(rl::test_params params, std::uint64_t most) {
  params.iteration_count = most;
  rl::ostringstream state;
  Outcome outcome;
  outcome.held = rl::run_test<Suite, Scheduler>(params, state, false) == rl::test_result_success;
  outcome.executions = params.stop_iteration;
  if (outcome.held)
    return outcome;
  // The same execution again, this time noting every step.
  params.initial_state = state.str();
  params.collect_history = true;
  rl::ostringstream again;
  rl::run_test<Suite, Scheduler>(params, again, true);
  return outcome;
}

}  // namespace

Outcome run(const Plan& plan, Search kind, std::uint64_t executions, unsigned switches) {
  current = &plan;
  rl::ostringstream said;
  rl::ostringstream progress;
  rl::test_params params;
  params.output_stream = &said;
  params.progress_stream = &progress;
  params.execution_depth_limit = plan.conducted ? 50'000 : 5000;
  params.context_bound = switches;
  Outcome outcome;
  if (kind == Search::random) {
    params.search_type = rl::sched_random;
    outcome = search<Suite<4>, Random<4>>(params, executions);
  } else {
    params.search_type = rl::sched_bound;
    switch (plan.threads + (plan.background ? 1 : 0)) {
      case 2:
        outcome = search<Suite<2>, Bounded<2>>(params, executions);
        break;
      case 3:
        outcome = search<Suite<3>, Bounded<3>>(params, executions);
        break;
      default:
        outcome = search<Suite<4>, Bounded<4>>(params, executions);
    }
    outcome.complete = outcome.held && outcome.executions < executions;
  }
  if (!outcome.held)
    outcome.trace = readable(said.str().c_str());
  current = nullptr;
  return outcome;
}

std::uint64_t executions_wanted(std::uint64_t otherwise) {
  const char* const text = std::getenv("GETPUT_MODEL_ITERATIONS");
  if (text == nullptr || *text == '\0')
    return otherwise;
  char* end = nullptr;
  const unsigned long long wanted = std::strtoull(text, &end, 10);
  if (*end != '\0' || wanted == 0) {
    std::fprintf(stderr,
                 "getput: GETPUT_MODEL_ITERATIONS=%s is not a number of executions; give one "
                 "above 0\n",
                 text);
    std::exit(2);
  }
  return wanted;
}

}  // namespace getput::model
