// SPDX-License-Identifier: MIT
#include "tests/model/turns.hpp"

#include <algorithm>

#include "tests/model/state.hpp"

namespace getput::model {

void wait_for_turn() {
  while (world.conductor != nullptr && world.turn != self()) park(&turns::kKey, Where::current());
  Thread& mine = me();
  if (mine.turns_seen == world.turns)
    return;
  mine.turns_seen = world.turns;
  for (int i = 0; i < world.threads; ++i) {
    auto& known = rl::ctx().threadx_->acq_rel_order_[i];
    known = std::max(known, world.handed_on[static_cast<std::size_t>(i)]);
  }
}

namespace turns {
namespace {

void hand_on_what_is_known() {
  ++world.turns;
  for (int i = 0; i < world.threads; ++i) {
    auto& known = world.handed_on[static_cast<std::size_t>(i)];
    known = std::max(known, rl::ctx().threadx_->acq_rel_order_[i]);
  }
}

}  // namespace

void begin(Conductor& conductor, int first) {
  world.conductor = &conductor;
  world.turn = first;
}

void await() {
  wait_for_turn();
}

void hand_over(int to) {
  Thread& mine = me();
  mine.section_broken |= mine.in_section && mine.pinned == thread(to).pinned;  // preempted
  hand_on_what_is_known();
  world.turn = to;
  if (thread(to).key == &kKey)
    wake_thread(to, Where::current());
  wait_for_turn();
}

void end() {
  hand_on_what_is_known();
  world.conductor = nullptr;
  for (int i = 0; i < world.threads; ++i)
    if (thread(i).key == &kKey)
      wake_thread(i, Where::current());
}

bool conducted() {
  return world.conductor != nullptr;
}

void pin(int index, unsigned cpu) {
  thread(index).pinned = cpu;
}

void step() {
  wait_for_turn();
  while (world.conductor != nullptr && world.stopper >= 0 && world.stopper != self())
    world.conductor->in_vain(true);  // stands still
  if (world.conductor != nullptr)
    world.conductor->before_step();
}

void in_vain(bool asleep) {
  wait_for_turn();
  if (world.conductor != nullptr)
    world.conductor->in_vain(asleep);
}

}  // namespace turns
}  // namespace getput::model
