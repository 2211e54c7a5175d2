// SPDX-License-Identifier: MIT
// percpu_ref's modes and its life, one after the other and from two sides at once: what the
// kernel's header promises beside get and put. Which mode it is in shows in what a try_get uses.
#pragma once

#include <cstdint>

#include "tests/model/stage.hpp"
#include "tests/model/uses.hpp"

namespace getput::model {

template <class S>
concept HasInit = requires {
  S(static_cast<typename S::Release>(nullptr), S::Init::dead);
};

/// What several scenarios ask of a percpu_ref while nothing else moves.
template <class S>
class Quiet {
 public:
  explicit Quiet(S& scheme) : scheme_(scheme) {}

  void expect_per_cpu() { expect_sections(true, "not in per-CPU mode"); }
  void expect_atomic() { expect_sections(false, "not in atomic mode"); }
  void expect_count(std::int64_t held) {
    require(scheme_.count() == held, "count() is not what is held while nothing moves");
  }
  void expect_dead(std::int64_t held) {
    require(scheme_.is_dying() && !scheme_.try_get(), "not dying, or serves callers");
    require(scheme_.is_zero() == (held == 0), "is_zero() is not what is held");
    require(take() == (held != 0), "try_get_any() does not know what is held");
    expect_count(held);
  }
  /// What breaks the contract is warned of, and does nothing else.
  template <class F>
  void expect_warning(F f) {
    uses.warning_expected = true;
    uses.warned = false;
    f();
    require(uses.warned, "no warning");
    uses.warning_expected = false;
  }

 private:
  void expect_sections(bool wanted, const char* what) {
    require(!scheme_.is_dying() && !scheme_.is_zero(), "dying or zero while alive");
    const auto by_section = [&](auto f) {
      uses.counted_per_cpu = false;
      const auto ticket = f();
      require(static_cast<bool>(ticket), "refused while alive");
      require(uses.counted_per_cpu == wanted, what);
      return ticket;
    };
    const auto first = by_section([&] { return scheme_.try_get(); });
    const auto second = by_section([&] { return scheme_.get(first); });
    const auto third = by_section([&] { return scheme_.try_get_any(); });
    for (const auto& ticket : {first, second, third})
      by_section([&] {
        scheme_.put(ticket);
        return true;
      });
  }

  /// One more of a dying object, and back; was there one?
  bool take() {
    const auto ticket = scheme_.try_get_any();
    if (ticket)
      scheme_.put(ticket);
    return static_cast<bool>(ticket);
  }

  S& scheme_;
};

/// Modes: asked for while alive at once, while dying with the resurrection.
template <class S>
class ModesAsDocumented final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {}
  void remove() override {
    S& scheme = this->module_.scheme();
    Quiet<S> quiet(scheme);
    quiet.expect_per_cpu();
    const auto held = scheme.try_get();
    for (int twice = 0; twice < 2; ++twice) {
      scheme.switch_to_atomic();
      quiet.expect_atomic();
      quiet.expect_count(1);
    }
    const auto second = scheme.get(held);
    quiet.expect_count(2);
    require(!scheme.try_stop(), "try_stop() succeeded while references are held");
    quiet.expect_atomic();
    die_and_resurrect(scheme, 2);
    quiet.expect_atomic();
    for (int twice = 0; twice < 2; ++twice) {
      scheme.switch_to_percpu();
      quiet.expect_per_cpu();
      quiet.expect_count(2);
    }
    require(!scheme.try_stop(), "try_stop() succeeded while references are held");
    quiet.expect_per_cpu();
    scheme.put(second);
    change_while_dying(scheme);
    scheme.put(held);
    quiet.expect_count(0);
    require(scheme.try_stop(), "try_stop() failed though nobody was inside");
    quiet.expect_dead(0);
    scheme.reinit();
    quiet.expect_per_cpu();
    this->module_.stop_and_unmap();
    quiet.expect_dead(0);
  }

 private:
  void die_and_resurrect(S& scheme, std::int64_t held) {
    scheme.kill();
    Quiet<S>(scheme).expect_dead(held);
    scheme.resurrect();
  }
  void change_while_dying(S& scheme) {
    Quiet<S> quiet(scheme);
    scheme.kill();
    scheme.switch_to_atomic();
    require(!scheme.try_stop(), "try_stop() took a caller's reference for the initial one");
    quiet.expect_dead(1);
    scheme.resurrect();
    quiet.expect_atomic();
    scheme.kill();
    scheme.switch_to_percpu();
    quiet.expect_dead(1);
    scheme.resurrect();
    quiet.expect_per_cpu();
  }
};

/// How it may start, and what one must not do.
template <class S>
class StartsAndMisuse final : public Stage<S> {
 public:
  using Stage<S>::Stage;
  void call(int) override {}
  void remove() override {
    Quiet<S>(atomic_).expect_atomic();
    Quiet<S>(atomic_).expect_count(0);
    atomic_.switch_to_percpu();
    Quiet<S>(atomic_).expect_per_cpu();
    atomic_.kill();
    Quiet<S>(atomic_).expect_dead(0);
    Quiet<S>(dead_).expect_dead(0);
    dead_.reinit();
    Quiet<S>(dead_).expect_per_cpu();
    Quiet<S>(dead_).expect_count(0);
    misuse(dead_);
    dead_.kill();
    Quiet<S>(dead_).expect_dead(0);
  }

 private:
  void misuse(S& scheme) {
    Quiet<S> quiet(scheme);
    quiet.expect_warning([&] { scheme.resurrect(); });
    quiet.expect_count(0);
    const auto held = scheme.try_get();
    int confirmed = 0;
    scheme.kill_and_confirm([&] { ++confirmed; });
    quiet.expect_warning([&] { scheme.kill_and_confirm([&] { ++confirmed; }); });
    require(confirmed == 1, "kill was confirmed never, or twice");
    quiet.expect_dead(1);
    quiet.expect_warning([&] { scheme.reinit(); });
    quiet.expect_per_cpu();
    quiet.expect_count(1);
    scheme.put(held);
  }

  S atomic_{nullptr, S::Init::atomic};
  S dead_{nullptr, S::Init::dead};
};

}  // namespace getput::model
