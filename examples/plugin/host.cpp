// SPDX-License-Identifier: MIT
// The host owns a module and hands it to a plugin that it has dlopened. Ends with 0 if a reference
// that the plugin holds counts for the host: the module is not drained while it is held, and the
// remover's wait ends when it is put.
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "plugin.hpp"

namespace {

using namespace std::chrono_literals;

struct Gate : Hold {
  std::atomic<bool> held{false};
  std::atomic<bool> released{false};
  Gate() : Hold{&wait} {}
  static void wait(Hold* self) {
    auto* const gate = static_cast<Gate*>(self);
    gate->held = true;
    while (!gate->released) std::this_thread::sleep_for(1ms);
  }
};

template <class Scheme>
bool is_right(const char* name, bool (*hold)(Scheme*, Hold*)) {
  [[maybe_unused]] const getput::ThreadGuardFor<Scheme> guard;
  Scheme module;
  if (auto ticket = module.try_get())  // host and plugin both use the scheme
    module.put(ticket);
  Gate gate;
  std::atomic<bool> accepted{false};
  std::thread caller([&] { accepted = hold(&module, &gate); });
  while (!gate.held) std::this_thread::sleep_for(1ms);

  module.stop();
  bool early = false;
  for (int i = 0; i < 20 && !early; ++i) {
    early = module.drained();
    std::this_thread::sleep_for(1ms);
  }
  getput::StopSource too_late;
  std::thread releaser([&] {
    std::this_thread::sleep_for(50ms);
    gate.released = true;
    caller.join();
    std::this_thread::sleep_for(1s);
    too_late.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  module.wait_drained(too_late.get_token());
  const bool hung = std::chrono::steady_clock::now() - begin > 900ms;
  early = early || !gate.released;
  releaser.join();
  std::printf("plugin: %s: %s\n", name,
              early  ? "drained while the plugin held a reference"
              : hung ? "the wait did not end with the plugin's put"
                     : "right");
  return accepted && !early && !hung;
}

}  // namespace

int main() {
  void* const plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::puts(dlerror());
    return 2;
  }
  const bool atomic_base = is_right<getput::AtomicBase<>>(
      "atomic_base", reinterpret_cast<HoldAtomicBase*>(dlsym(plugin, "hold_atomic_base")));
  const bool epoch =
      is_right<getput::Epoch<>>("epoch", reinterpret_cast<HoldEpoch*>(dlsym(plugin, "hold_epoch")));
  return atomic_base && epoch ? 0 : 1;
}
