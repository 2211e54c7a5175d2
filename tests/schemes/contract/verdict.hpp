// SPDX-License-Identifier: MIT
// What a contract check says. A check is an ordinary function, so that the mutant tests can run it
// on a scheme that is broken on purpose and require that it notices.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace getput::contract {

struct Verdict {
  enum class Kind {
    kept,        ///< the claim was attacked and held
    broken,      ///< the claim is false; detail says what was seen
    untestable,  ///< this machine does not allow the attack; detail says why
  };
  Kind kind = Kind::kept;
  std::string detail;

  bool is_broken() const { return kind == Kind::broken; }
};

inline Verdict kept() {
  return {};
}
inline Verdict broken(std::string detail) {
  return {Verdict::Kind::broken, std::move(detail)};
}
inline Verdict untestable(std::string detail) {
  return {Verdict::Kind::untestable, std::move(detail)};
}

/// The first violation that any thread of an attack saw.
class Findings {
 public:
  void report(std::string_view what) {
    const std::lock_guard lock(mutex_);
    if (first_.empty())
      first_ = what;
    any_.store(true, std::memory_order_release);
  }
  bool any() const { return any_.load(std::memory_order_relaxed); }
  /// To be asked when the attackers have been joined.
  Verdict verdict() const {
    const std::lock_guard lock(mutex_);
    return first_.empty() ? kept() : broken(first_);
  }

 private:
  mutable std::mutex mutex_;
  std::string first_;
  std::atomic<bool> any_{false};
};

/// The rest of a check: return the first verdict that is not "kept".
#define GETPUT_REQUIRE(condition, detail)        \
  do {                                           \
    if (!(condition))                            \
      return ::getput::contract::broken(detail); \
  } while (false)

}  // namespace getput::contract
