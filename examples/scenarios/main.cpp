// SPDX-License-Identifier: MIT
// Scenarios of other libraries' tests, written for the module interface: many holders and a kill
// midway (folly's TLRefCount), readers and an updater that poisons what it took away (rcutorture),
// kill and resurrect under load (the kernel's percpu_ref users), references that outlive their
// thread, several schemes held by one thread (liburcu's multiflavor test). Ends with the number of
// failures.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <getput/schemes/counter/atomic_base.hpp>
#include <getput/schemes/distributed/percpu_ref.hpp>
#include <getput/schemes/distributed/snzi.hpp>
#include <getput/schemes/distributed/thread_split.hpp>
#include <getput/schemes/grace/epoch.hpp>
#include <getput/schemes/grace/rcu_memb.hpp>
#include <getput/schemes/grace/srcu.hpp>
#include <getput/schemes/lock/bravo.hpp>
#include <memory>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace {

int failures = 0;

void expect(bool right, std::string_view scheme, const char* what) {
  if (right)
    return;
  ++failures;
  std::printf("%.*s: %s\n", static_cast<int>(scheme.size()), scheme.data(), what);
}

template <class S>
std::vector<std::thread> start(int count, auto body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([body, i] {
      [[maybe_unused]] const getput::ThreadGuardFor<S> guard;
      body(i);
    });
  return threads;
}

void join(std::vector<std::thread>& threads) {
  for (auto& thread : threads) thread.join();
}

/// Threads hold many references each when the module is stopped; the last put drains it.
template <class S>
void holders_and_a_kill() {
  S module;
  std::atomic<int> holding{0};
  std::atomic<bool> release{false};
  auto threads = start<S>(6, [&](int) {
    std::vector<typename S::Ticket> held;
    for (int i = 0; i < 200; ++i) held.push_back(i == 0 ? module.try_get() : module.get(held[0]));
    ++holding;
    while (!release) std::this_thread::yield();
    for (auto& ticket : held) module.put(std::move(ticket));
  });
  while (holding != 6) std::this_thread::yield();
  if (S::info.count == getput::CountExactness::exact)
    expect(module.count() == 1200, S::info.name, "count of 6 x 200 references is not 1200");
  module.stop();
  expect(!module.drained(), S::info.name, "drained while references are held");
  release = true;
  module.wait_drained({});
  join(threads);
  expect(module.drained(), S::info.name, "not drained after the last put");
}

/// Readers use what the updater poisons after each removal, and resurrects.
template <class S>
void kill_and_resurrect() {
  S module;
  std::atomic<bool> end{false};
  std::atomic<int> poisoned_reads{0};
  std::atomic<int> value{1};
  auto threads = start<S>(3, [&](int) {
    while (!end) {
      auto ticket = module.try_get();
      if (!ticket) {
        std::this_thread::yield();
        continue;
      }
      auto more = module.get(ticket);
      module.put(std::move(ticket));
      if (value.load(std::memory_order_relaxed) != 1)
        ++poisoned_reads;
      module.put(std::move(more));
    }
  });
  for (int i = 0; i < 100; ++i) {
    module.stop();
    module.wait_drained({});
    value.store(0, std::memory_order_relaxed);
    std::this_thread::yield();
    value.store(1, std::memory_order_relaxed);
    module.restart();
  }
  end = true;
  join(threads);
  expect(poisoned_reads == 0, S::info.name, "a reader saw what was taken away");
}

/// The module is freed as soon as it is drained, while callers still put.
template <class S>
void freed_when_drained() {
  for (int i = 0; i < 50; ++i) {
    auto module = std::make_unique<S>();
    std::atomic<int> ready{0};
    std::atomic<int> inside{0};
    auto threads = start<S>(2, [&](int) {
      auto ticket = module->try_get();
      S& same = *module;
      ++inside;
      ++ready;
      while (ready != 3) std::this_thread::yield();
      --inside;
      same.put(std::move(ticket));
    });
    while (ready != 2) std::this_thread::yield();
    module->stop();
    ready = 3;
    module->wait_drained({});
    expect(inside == 0, S::info.name, "drained before both had left");
    if (S::info.destroy_when_drained)
      module.reset();
    join(threads);
  }
}

/// References outlive the threads that took them, and are put by others.
template <class S>
void outlives_its_thread() {
  if constexpr (S::info.put_on_other_thread) {
    S module;
    std::vector<typename S::Ticket> tickets(100);
    for (auto& ticket : tickets) std::thread([&] { ticket = module.try_get(); }).join();
    module.stop();
    expect(!module.drained(), S::info.name, "references ended with their threads");
    for (auto& ticket : tickets) {
      expect(static_cast<bool>(ticket), S::info.name, "refused on a live module");
      std::thread([&] { module.put(std::move(ticket)); }).join();
    }
    expect(module.drained(), S::info.name, "puts of other threads do not count");
  }
}

/// One thread holds all of them, and puts in the order of taking.
template <class... S>
void together() {
  std::tuple<getput::ThreadGuardFor<S>...> guards;
  std::tuple<S...> modules;
  auto tickets = std::make_tuple(std::get<S>(modules).try_get()...);
  (std::get<S>(modules).stop(), ...);
  (expect(!std::get<S>(modules).drained(), S::info.name, "drained beside other schemes"), ...);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (std::get<I>(modules).put(std::move(std::get<I>(tickets))), ...);
  }
  (std::index_sequence_for<S...>());
  (std::get<S>(modules).wait_drained({}), ...);
  (expect(std::get<S>(modules).drained(), S::info.name, "not drained beside other schemes"), ...);
}

template <class S>
void all_scenarios() {
  if (!getput::machine::Native::unavailable(S::info).empty())
    return;
  [[maybe_unused]] const getput::ThreadGuardFor<S> guard;
  holders_and_a_kill<S>();
  kill_and_resurrect<S>();
  freed_when_drained<S>();
  outlives_its_thread<S>();
}

template <class... S>
void run() {
  (all_scenarios<S>(), ...);
  together<S...>();
}

}  // namespace

int main() {
  run<getput::AtomicBase<>, getput::PercpuRef<>, getput::ThreadSplit<>, getput::Snzi<>,
      getput::Bravo<>, getput::Srcu<>, getput::Epoch<>, getput::RcuMemb<>>();
  std::printf("scenarios: %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
