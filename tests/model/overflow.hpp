// SPDX-License-Identifier: MIT
// The limit of a counter that saturates, crossed while others give back.
#pragma once

#include "tests/model/stage.hpp"
#include "tests/model/uses.hpp"

namespace getput::model {

template <class S>
concept StartsNearOverflow = requires(S scheme) {
  scheme.near_overflow(0);
};

/// Whoever comes in at the limit has a reference, whether the counter saturates or is brought back
/// under the limit meanwhile, and the module, of which ever so many are held, is never removed.
template <class S>
class LimitCrossed final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  static constexpr const char* kRefused = "try_get refused at the limit of the counter";

  void call(int index) override {
    uses.warning_expected = true;  // of the saturation, and of every put after it
    if (index == 0) {
      this->module_.scheme().near_overflow(1);
      const auto last = this->module_.enter();  // is at the limit
      at_limit_.raise();
      require(static_cast<bool>(last), kRefused);
      this->module_.leave(last);
    } else {
      at_limit_.wait();
      require(this->module_.visit(), kRefused);
    }
    done_[index].raise();
  }
  void remove() override {
    for (const Flag& done : done_) done.wait();
    require(!this->module_.scheme().try_stop(), "removed though the counter had been at its limit");
  }

 private:
  Flag at_limit_;
  Flag done_[2];
};

}  // namespace getput::model
