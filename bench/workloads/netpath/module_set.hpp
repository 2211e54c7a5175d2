// SPDX-License-Identifier: MIT
// The three modules of the receive path, loaded for a trial and unloaded after it. The unload is
// part of the oracle: it succeeds only when every reference was given back, and the loader proves
// that the text is gone.
#pragma once

#include <fcntl.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>

#include "bench/engine/errors.hpp"
#include "bench/oracle/oracle.hpp"
#include "modules/loader.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::netpath {

/// What a path needs of its modules: whose references to take, and the tables to call through.
template <class S>
struct PathModules {
  modules::Module<S>* nic = nullptr;
  modules::Module<S>* udp = nullptr;
  modules::Module<S>* tcp = nullptr;
  const getput_link_ops* link = nullptr;
  const getput_transport_ops* udp_ops = nullptr;
  const getput_transport_ops* tcp_ops = nullptr;
};

template <class S>
class ModuleSet {
 public:
  using Handle = typename modules::Loader<S>::Handle;

  /// Loads nic, udp and tcp. Throws EnvironmentError, with the loader's message.
  ModuleSet() {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      auto loaded = loader_.load(kNames[i]);
      if (!loaded.status.ok())
        throw EnvironmentError("netpath: " + loaded.status.message);
      handles_[i] = std::move(loaded.module);
    }
    link_ = nic()->link();
    udp_ops_ = udp()->transport();
    tcp_ops_ = tcp()->transport();
  }
  ModuleSet(const ModuleSet&) = delete;
  ModuleSet& operator=(const ModuleSet&) = delete;

  modules::Module<S>* nic() const noexcept { return handles_[0].get(); }
  modules::Module<S>* udp() const noexcept { return handles_[1].get(); }
  modules::Module<S>* tcp() const noexcept { return handles_[2].get(); }
  /// For a path that takes references of a scheme T: those of S, or none where T differs from S.
  template <class T = S>
  PathModules<T> for_path() const noexcept {
    PathModules<T> result;
    if constexpr (std::is_same_v<S, T>) {
      result.nic = nic();
      result.udp = udp();
      result.tcp = tcp();
    }
    result.link = link_;
    result.udp_ops = udp_ops_;
    result.tcp_ops = tcp_ops_;
    return result;
  }

  /// Unloads all three with nobody inside; what does not go as it must goes to @p verdict.
  void unload(Verdict& verdict) {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    if constexpr (!S::info.removal) {
      for (const modules::Status& status : loader_.shutdown()) verdict.wrong(status.message);
    } else {
      for (std::size_t i = 0; i < kNames.size(); ++i) unload_one(i, verdict);
    }
  }

 private:
  static constexpr std::array<const char*, 3> kNames = {"nic", "udp", "tcp"};

  void unload_one(std::size_t i, Verdict& verdict) {
    if constexpr (oracle::counts_when_quiescent(S::info)) {
      if (const auto count = handles_[i]->refcount(); count != 0)
        verdict.wrong(std::string("references of module ") + kNames[i] + " do not balance: " +
                      std::to_string(count) + " after the last packet was freed");
    }
    const modules::Status status =
        S::info.try_stop ? loader_.delete_module(kNames[i], O_NONBLOCK) : delete_waiting(kNames[i]);
    if (status.ok())
      return;
    verdict.wrong(status.message);
    // Whatever it still counts, no packet is left: nobody is inside, so that it may be forced out
    // and the next cell finds the file free.
    if (const auto forced = loader_.delete_module(kNames[i], O_NONBLOCK | O_TRUNC); !forced.ok())
      verdict.wrong(forced.message);
  }

  /// A removal that waits, but not for ever.
  modules::Status delete_waiting(const char* name) {
    std::stop_source limit;
    std::jthread watch([&limit](const std::stop_token& done) {
      std::mutex mutex;
      std::condition_variable_any idle;
      std::unique_lock lock(mutex);
      idle.wait_for(lock, done, oracle::kDrainLimit, [] { return false; });
      limit.request_stop();
    });
    return loader_.delete_module(name, 0, limit.get_token());
  }

  modules::Loader<S> loader_;
  std::array<Handle, 3> handles_;
  const getput_link_ops* link_ = nullptr;
  const getput_transport_ops* udp_ops_ = nullptr;
  const getput_transport_ops* tcp_ops_ = nullptr;
};

}  // namespace getput::bench::netpath
