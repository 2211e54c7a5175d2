// SPDX-License-Identifier: MIT
// The test's end of the probe plug-ins: what their init() and exit() do, and where they are.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "modules/loader.hpp"

namespace getput::test {

/// What the probes do while this object lives; one at a time. init() returns 0 unless told.
class Probes {
 public:
  Probes();
  ~Probes();
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  void on_init(const std::string& module, std::function<int(const std::string& params)> act);
  void on_exit(const std::string& module, std::function<void()> act);
  [[nodiscard]] int inits(const std::string& module) const;
  [[nodiscard]] int exits(const std::string& module) const;
};

/// A gate that one thread waits at and another opens.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

/// Polls until `done` is true; false after ten seconds.
bool eventually(const std::function<bool()>& done);

/// Loader options for the probes' folder; warnings are appended to `warnings` if not null.
modules::LoaderOptions probe_options(std::string* warnings = nullptr);

/// The folder of the probes.
std::string probe_folder();

/// Is any file of that name in the address space?
bool is_mapped(const std::string& file_name);

}  // namespace getput::test
