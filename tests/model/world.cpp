// SPDX-License-Identifier: MIT
#include "tests/model/world.hpp"

#include <algorithm>
#include <vector>

#include "tests/model/globals.hpp"
#include "tests/model/watch.hpp"

#include "tests/model/state.hpp"

namespace getput::model {

World world;

namespace {

const char kBarrierKey = 0;
const char kStillKey = 0;

// The IPI of a membarrier. A thread that has stored answers when it is clear that no load has been
// moved before the store: without a fence if one was.
void answer(bool fence = true) {
  Thread& mine = me();
  if (!mine.asked || (fence && mine.stored != nullptr))
    return;
  if (fence)
    fence_here(Where::current());
  mine.asked = false;
  if (mine.asked_restart && mine.in_section)
    mine.section_broken = true;
  mine.asked_restart = false;
  for (int asker = 0; asker < world.threads; ++asker) {
    bool& asked = mine.asked_by[static_cast<std::size_t>(asker)];
    if (!asked)
      continue;
    asked = false;
    Thread& other = thread(asker);
    if (--other.unanswered == 0 && other.key == &kBarrierKey)
      wake_thread(asker, Where::current());
  }
  if (mine.asked_to_stand_still) {
    mine.asked_to_stand_still = false;
    stand_still();
  }
}

void ask(int index, bool restart_sections) {
  Thread& other = thread(index);
  if (other.finished || other.idle) {
    other.section_broken |= restart_sections && other.in_section;  // preempted in it
    return;
  }
  if (!other.started) {
    other.fence_at_start = true;
    return;
  }
  other.asked = true;
  other.asked_restart |= restart_sections;
  bool& asked = other.asked_by[static_cast<std::size_t>(self())];
  if (!asked)
    ++me().unanswered;
  asked = true;
}

}  // namespace

void wake_thread(int index, const Where& at) {
  Thread& sleeper = thread(index);
  sleeper.key = nullptr;
  rl::ctx().unpark_thread(index, false, place(at));
}

void fence_here(const Where& at) {
  const Uninterrupted as_one;
  rl::atomic_thread_fence(rl::mo_seq_cst, place(at));
  me().last_fence = ++world.time;
}

void compiler_barrier() {
  if (!in_execution())
    return;
  me().stored = nullptr;
  if (world.running && world.uninterrupted == 0)
    answer();
}

void stored(const void* cell) {
  me().stored = cell;
  me().waiting_then = world.waiting;
}

void loads(const void* cell) {
  if (const Thread& mine = me(); mine.stored != nullptr && mine.stored != cell)
    answer(false);
}

void park(const void* key, const Where& at) {
  if (world.conductor != nullptr && key != &turns::kKey)
    return turns::in_vain(true);
  Thread& mine = me();
  mine.stored = nullptr;
  answer();
  if (key != &kStillKey)  // its arrival counts before it is asleep
    fence_here(at);       // the context switch
  mine.key = key;
  mine.idle = true;
  rl::ctx().park_current_thread(false, false, false, place(at));
  mine.idle = false;
  fence_here(at);
  if (key != &kStillKey && key != &turns::kKey)
    stand_still();  // it was woken, but the machine has been stopped since
}

void stand_still() {
  while (world.stopper >= 0 && world.stopper != self()) park(&kStillKey, Where::current());
}

void require(bool holds, const char* what, const Where& at) {
  if (!holds)
    rl::ctx().fail_test(what, rl::test_result_user_assert_failed, place(at));
}

unsigned some_cpu() {
  return world.conductor != nullptr ? me().pinned : choose(kCpus);
}

unsigned choose(unsigned choices) {
  return choices <= 1 ? 0 : rl::rand(choices);
}

std::uint64_t monotonic_ns() {
  constexpr std::uint64_t kLong = 1'000'000'000;
  world.clock += choose(2) * kLong;
  return world.clock;
}

bool in_execution() {
  return rl::is_ctx();
}

bool threads_run() {
  return world.running;
}

int self() {
  return static_cast<int>(rl::thread_index());
}

int thread_count() {
  return world.threads;
}

void step() {
  if (!world.running || world.uninterrupted != 0)
    return;
  if (world.conductor != nullptr)
    return turns::step();
  do {
    answer();
    rl::ctx().sched();
  } while (me().asked && me().stored == nullptr);
}

void let_others_run(const Where& at) {
  if (!world.running)
    return;
  if (world.conductor != nullptr)
    return turns::in_vain(false);
  compiler_barrier();
  rl::ctx().yield(1, place(at));
  answer();
}

void full_fence(const Where& at) {
  compiler_barrier();
  step();
  fence_here(at);
}

void membarrier(bool restart_sections, const Where& at) {
  full_fence(at);
  if (!world.running)
    return;
  const int others = world.threads - 1;
  const int first = static_cast<int>(choose(static_cast<unsigned>(others)));
  for (int i = 0; i < others; ++i) {
    ask((self() + 1 + (first + i) % others) % world.threads, restart_sections);
    step();
  }
  while (me().unanswered != 0) park(&kBarrierKey, at);
  fence_here(at);
}

StoppedMachine::StoppedMachine(const Where& at) {
  if (!world.running)
    return;
  full_fence(at);
  while (world.stopper >= 0) let_others_run(at);
  if (world.conductor != nullptr)
    turns::in_vain(true);  // whoever does not run cannot come to the rendezvous
  world.stopper = self();
  for (int i = 0; i < world.threads; ++i)
    if (i != self()) {
      ask(i, true);
      thread(i).asked_to_stand_still = thread(i).asked;
    }
  while (me().unanswered != 0) park(&kBarrierKey, at);
  fence_here(at);
}

StoppedMachine::~StoppedMachine() {
  if (!world.running)
    return;
  fence_here(Where::current());
  world.stopper = -1;
  for (int i = 0; i < world.threads; ++i)
    if (thread(i).key == &kStillKey)
      wake_thread(i, Where::current());
  step();
}

Uninterrupted::Uninterrupted() {
  ++world.uninterrupted;
  rl::ctx().disable_preemption();
}

Uninterrupted::~Uninterrupted() {
  --world.uninterrupted;
  rl::ctx().enable_preemption();
}

bool others_finished() {
  for (int i = 0; i < world.threads; ++i)
    if (i != self() && !thread(i).finished)
      return false;
  return true;
}

void sleep_until_work(const void* key) {
  me().wants_to_know_of_ends = true;
  park(key, Where::current());
  me().wants_to_know_of_ends = false;
}

namespace execution {

void begin(int threads, int used, bool membarrier) {
  world = World{};
  watch::read = watch::written = nullptr;
  world.has_membarrier = membarrier;
  world.threads = threads;
  for (int i = used; i < threads; ++i) thread(i).finished = true;
  for (GlobalCell* cell : globals::cells()) cell->begin_execution();
}

void start_thread() {
  world.running = true;
  me().started = true;
  if (me().fence_at_start)
    fence_here(Where::current());
  stand_still();
}

void finish_thread() {
  compiler_barrier();
  fence_here(Where::current());
  me().finished = true;
  for (int i = 0; i < world.threads; ++i)
    if (Thread& other = thread(i); other.wants_to_know_of_ends && other.key != nullptr)
      wake_thread(i, Where::current());
  if (others_finished())
    world.running = false;
}

void end() {
  for (GlobalCell* cell : globals::cells()) cell->end_execution();
}

}  // namespace execution

namespace globals {

std::uint64_t tick() {
  return ++world.time;
}

std::uint64_t last_fence_of_self() {
  return me().last_fence;
}

}  // namespace globals
}  // namespace getput::model
