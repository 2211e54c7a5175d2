// SPDX-License-Identifier: MIT
#include "tests/modules/probe.hpp"

#include <fstream>
#include <map>
#include <thread>

namespace getput::test {
namespace {

struct Acts {
  std::function<int(const std::string&)> init;
  std::function<void()> exit;
  int inits = 0;
  int exits = 0;
};

std::mutex acts_mutex;
std::map<std::string, Acts> acts;

}  // namespace

Probes::Probes() {
  const std::lock_guard lock(acts_mutex);
  acts.clear();
}
Probes::~Probes() {
  const std::lock_guard lock(acts_mutex);
  acts.clear();
}

void Probes::on_init(const std::string& module, std::function<int(const std::string&)> act) {
  const std::lock_guard lock(acts_mutex);
  acts[module].init = std::move(act);
}

void Probes::on_exit(const std::string& module, std::function<void()> act) {
  const std::lock_guard lock(acts_mutex);
  acts[module].exit = std::move(act);
}

int Probes::inits(const std::string& module) const {
  const std::lock_guard lock(acts_mutex);
  return acts[module].inits;
}

int Probes::exits(const std::string& module) const {
  const std::lock_guard lock(acts_mutex);
  return acts[module].exits;
}

bool eventually(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

modules::LoaderOptions probe_options(std::string* warnings) {
  modules::LoaderOptions options;
  options.plugin_dir = probe_folder();
  options.warn = [warnings](std::string_view line) {
    if (warnings != nullptr)
      *warnings += std::string(line) + "\n";
  };
  return options;
}

std::string probe_folder() {
  return GETPUT_PROBE_FOLDER;
}

bool is_mapped(const std::string& file_name) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    if (line.ends_with("/" + file_name))
      return true;
  }
  return false;
}

}  // namespace getput::test

// Called by the probes, outside the mutex: an act may take as long as it likes.
extern "C" int getput_probe_init(const char* module, const char* params) {
  std::function<int(const std::string&)> act;
  {
    const std::lock_guard lock(getput::test::acts_mutex);
    auto& mine = getput::test::acts[module];
    ++mine.inits;
    act = mine.init;
  }
  return act ? act(params) : 0;
}

extern "C" void getput_probe_exit(const char* module) {
  std::function<void()> act;
  {
    const std::lock_guard lock(getput::test::acts_mutex);
    auto& mine = getput::test::acts[module];
    ++mine.exits;
    act = mine.exit;
  }
  if (act)
    act();
}
