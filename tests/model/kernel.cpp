// SPDX-License-Identifier: MIT
// What the kernel does for a scheme besides membarrier: rseq sections and futexes.
#include <algorithm>

#include "tests/model/cell.hpp"

#include "tests/model/state.hpp"

namespace getput::model {
namespace {

// The words of the parking protocol; static storage, so each execution starts at zero.
Atomic<std::uint32_t> waiters{0};
Atomic<std::uint32_t> epoch{0};

}  // namespace

namespace {
unsigned draw_cpu() {
  step();
  return some_cpu();
}
}  // namespace

Section::Section() : Section(draw_cpu()) {
}

Section::Section(unsigned cpu) : cpu_(cpu) {
  World::Cpu& here = world.cpu[cpu_];
  for (Thread& other : world.thread)
    if (other.in_section && other.cpu == cpu_)
      other.section_broken = true;  // preempted by this thread
  Thread& mine = me();
  if (here.last != self() && here.last >= 0)
    for (int i = 0; i < world.threads; ++i) {
      auto& known = rl::ctx().threadx_->acq_rel_order_[i];
      known = std::max(known, here.clock[static_cast<std::size_t>(i)]);
    }
  here.last = self();
  mine.in_section = true;
  mine.section_broken = false;
  mine.cpu = cpu_;
}

Section::~Section() {
  Thread& mine = me();
  mine.in_section = false;
  if (mine.section_broken)
    return;
  World::Cpu& here = world.cpu[cpu_];
  for (int i = 0; i < world.threads; ++i) {
    auto& left = here.clock[static_cast<std::size_t>(i)];
    left = std::max(left, rl::ctx().threadx_->acq_rel_order_[i]);
  }
}

bool Section::broken() const {
  return me().section_broken;
}

namespace futex {

std::uint32_t ticket() {
  return epoch.load(std::memory_order_acquire);
}

void sleep(const void* key, std::uint32_t ticket, const Where& at) {
  step();
  {
    const Uninterrupted as_one;  // the kernel compares and sleeps under one lock
    if (epoch.fetch_add(0, std::memory_order_acquire, at) != ticket)
      return;
  }
  park(key, at);
}

void wake(const void* key, const Where& at) {
  epoch.fetch_add(1, std::memory_order_release, at);
  step();
  for (int i = 0; i < world.threads; ++i)
    if (thread(i).key == key)
      wake_thread(i, at);
}

void wake_if_waiting(const void* key, const Where& at) {
  if (in_execution() && me().stored != nullptr && choose(2) != 0) {  // looked before it stored
    const bool seen = me().waiting_then != 0;
    step();
    loads(nullptr);
    if (seen)
      wake(key, at);
    return;
  }
  if (waiters.load(std::memory_order_seq_cst, at) != 0)
    wake(key, at);
}

void announce(const Where& at) {
  waiters.fetch_add(1, std::memory_order_seq_cst, at);
  ++world.waiting;
  if (world.has_membarrier)
    membarrier(false, at);
  else
    full_fence(at);
}

void withdraw(const Where& at) {
  waiters.fetch_sub(1, std::memory_order_seq_cst, at);
  --world.waiting;
}

}  // namespace futex

}  // namespace getput::model
