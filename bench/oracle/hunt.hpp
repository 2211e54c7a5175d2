// SPDX-License-Identifier: MIT
// The hunt: shows that a scheme that is not safe lets a module disappear under a caller.
//
// Callers call into a real plug-in between get and put while a remover unloads it, so that its text
// leaves the address space, and loads it again. A caller that the scheme did not protect executes
// unmapped text and receives SIGSEGV. The handler checks that the address lies in the module's
// former mapping, writes one line and ends the process, so a hunt runs in a process of its own.
//
// The remover shares the CPU of one caller. It sleeps, wakes up and preempts the caller at a random
// instruction; the race of in_module, a few instructions wide, is hit within some tens of rounds.
// The module stays unmapped until every caller has run again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "bench/engine/line.hpp"
#include "bench/engine/team.hpp"
#include "modules/loader.hpp"
#include "schemes/machine/native.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::oracle {

/// Exit codes of the process of a hunt that did not survive.
inline constexpr int kHuntCaught = 64;          ///< SIGSEGV in the module's former mapping
inline constexpr int kHuntFaultElsewhere = 65;  ///< SIGSEGV at another address

/// The plug-in that is unloaded, and a call into it.
inline constexpr const char* kHuntedModule = "udp";
using ModuleEntry = decltype(getput_transport_ops::demux);

/// One caller's call between get and put.
void enter_module(ModuleEntry entry) noexcept;

/// The module under one scheme. Each call is one per round or rarer.
class Prey {
 public:
  static constexpr unsigned kMostCallers = 8;

  virtual ~Prey() = default;
  /// Loads the module and lets the callers at it.
  virtual modules::Status load() = 0;
  /// Unloads it; @p token ends the wait for callers.
  virtual modules::Status remove(std::stop_token token) = 0;
  /// Takes away what the callers used; no caller is between two passes that saw it.
  virtual void forget() = 0;
  /// One caller, until the worker is stopped.
  virtual void call(WorkerContext& worker) = 0;
  /// Where the module's code is, while it is loaded.
  virtual const void* text() const = 0;

  std::uint64_t passes(unsigned caller) const noexcept {
    return passes_[caller].value.load(std::memory_order_acquire);
  }

 protected:
  /// The caller uses nothing of the module and will look for it anew.
  void pass(unsigned caller) noexcept {
    passes_[caller].value.fetch_add(1, std::memory_order_acq_rel);
  }

 private:
  std::array<Padded<std::atomic<std::uint64_t>>, kMostCallers> passes_;
};

/// Unloads and loads @p prey for so long; returns the number of rounds. Does not return when a
/// caller executes unmapped text. Throws EnvironmentError when the plug-in cannot be loaded.
std::uint64_t hunt_prey(Prey& prey, double seconds);

template <class S>
class LoadedPrey final : public Prey {
 public:
  modules::Status load() override {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    auto loaded = loader_.load(kHuntedModule);
    if (loaded.status.ok()) {
      current_ = std::make_unique<Target>();
      current_->entry = loaded.module->transport()->demux;
      current_->module = std::move(loaded.module);
      target_.value.store(current_.get(), std::memory_order_release);
    }
    return loaded.status;
  }

  modules::Status remove(std::stop_token token) override {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    modules::Status status = loader_.delete_module(kHuntedModule, 0, std::move(token));
    if (status.ok()) {
      target_.value.store(nullptr, std::memory_order_release);
    }
    return status;
  }

  void forget() override { current_.reset(); }

  void call(WorkerContext& worker) override {
    constexpr unsigned kCalls = 64;
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    while (!worker.stopped()) {
      pass(worker.rank());
      const Target* target = target_.value.load(std::memory_order_acquire);
      if (target == nullptr) {
        machine::Native::cpu_relax();
        continue;
      }
      modules::Module<S>* module = target->module.get();
      for (unsigned i = 0; i < kCalls; ++i) {
        if (const auto ticket = modules::try_module_get(module)) {
          enter_module(target->entry);
          modules::module_put(module, ticket);
        }
      }
    }
  }

  const void* text() const override { return reinterpret_cast<const void*>(current_->entry); }

 private:
  struct Target {
    typename modules::Loader<S>::Handle module;
    ModuleEntry entry = nullptr;
  };

  modules::Loader<S> loader_;
  std::unique_ptr<Target> current_;
  Padded<std::atomic<const Target*>> target_;
};

/// The hunt of scheme S, see hunt_prey().
template <class S>
std::uint64_t hunt(double seconds) {
  LoadedPrey<S> prey;
  return hunt_prey(prey, seconds);
}

}  // namespace getput::bench::oracle
