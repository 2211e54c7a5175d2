// SPDX-License-Identifier: MIT
// Threads get and put while a remover waits for them, in a program without exceptions. Ends with 0
// if the module was drained with no reference held.
#include <atomic>
#include <getput/schemes/distributed/percpu_split.hpp>
#include <thread>
#include <vector>

int main() {
  getput::PercpuSplit<> module;
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (auto ticket = module.try_get()) {
        inside.fetch_add(1);
        inside.fetch_sub(1);
        module.put(ticket);
      }
    });
  while (inside.load() == 0) std::this_thread::yield();
  module.stop();
  module.wait_drained({});
  const int left_inside = inside.load();
  for (auto& thread : threads) thread.join();
  return left_inside;
}
