// SPDX-License-Identifier: MIT
// Who finds out that the last reference is gone: SchemeInfo's ZeroDetection, read off the words
// that callers write and the remover reads.
#pragma once

#include "tests/model/stage.hpp"
#include "tests/model/turns.hpp"
#include "tests/model/watch.hpp"

namespace getput::model {

/// What is seen of each kind; a scenario ends with it.
constexpr const char* seen_as(ZeroDetection zero) {
  switch (zero) {
    case ZeroDetection::last_put:
      return "zero: one word tells, which every get and put writes";
    case ZeroDetection::remover_sum:
      return "zero: several words tell, which the remover looks through";
    case ZeroDetection::after_switch:
      return "zero: one word tells, which callers write only since the module has been stopped";
    case ZeroDetection::grace_period:
      return "zero: a look directly after the last put does not tell";
    case ZeroDetection::never:
      return "zero: nothing tells";
  }
  return "";
}

/// A caller and the remover, each on a CPU of his own, come and go; the caller holds one of this
/// module, the remover one of another; he stops this one, the caller puts, the remover looks once.
template <class S>
class ZeroIsFound final : public Stage<S>, private Conductor {
 public:
  explicit ZeroIsFound(int threads) : Stage<S>(threads) {
    turns::begin(*this, kCaller);
    turns::pin(kRemover, 1);
  }

  void call(int) override {
    come_and_go();
    typename S::Ticket held;
    {
      const watch::Watching gets(nullptr, &while_live_);
      held = module().try_get();
    }
    turns::hand_over(kRemover);
    {
      const watch::Watching last_put(nullptr, &while_going_);
      module().put(held);
    }
    turns::hand_over(kRemover);
  }

  void remove() override {
    turns::await();
    static_cast<void>(another_.try_get());
    come_and_go();
    module().stop();
    turns::hand_over(kCaller);
    watch::Words looked_at;
    bool drained = false;
    {
      const watch::Watching look(&looked_at, nullptr);
      drained = module().drained();
    }
    const ZeroDetection seen = S::info.removal ? kind(drained, looked_at) : ZeroDetection::never;
    require(false, seen_as(seen));
  }

 private:
  static constexpr int kCaller = 0;
  static constexpr int kRemover = 1;

  S& module() { return this->module_.scheme(); }

  void come_and_go() {
    const watch::Watching pair(nullptr, &while_live_);
    if (const auto ticket = module().try_get())
      module().put(ticket);
  }

  ZeroDetection kind(bool drained, const watch::Words& looked_at) const {
    int telling = 0;
    int written_while_live = 0;
    for (const void* word : looked_at) {
      telling += while_live_.has(word) || while_going_.has(word) ? 1 : 0;
      written_while_live += while_live_.has(word) ? 1 : 0;
    }
    if (!drained)
      return ZeroDetection::grace_period;
    if (telling == 0)
      return ZeroDetection::never;
    if (telling > 1)
      return ZeroDetection::remover_sum;
    return written_while_live == 1 ? ZeroDetection::last_put : ZeroDetection::after_switch;
  }

  void before_step() override {}
  void in_vain(bool) override {}

  S another_;
  watch::Words while_live_;
  watch::Words while_going_;
};

}  // namespace getput::model
