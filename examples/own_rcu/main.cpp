// SPDX-License-Identifier: MIT
// A program whose own data is read under liburcu's qsbr flavour includes a scheme over another
// flavour. Each keeps its own read side: ends with 0 if an own reader holds up the program's grace
// periods and not the removal of the module.
#include <urcu-qsbr.h>
// Order does not matter: the scheme's header leaves rcu_read_lock() and the like as they are.
#include <atomic>
#include <cstdio>
#include <getput/schemes/grace/rcu_memb.hpp>
#include <thread>

int main() {
  getput::RcuMemb<> module;
  const getput::RcuMemb<>::ThreadGuard guard;
  if (auto ticket = module.try_get())
    module.put(ticket);

  std::atomic<int> step{0};
  std::thread reader([&] {
    rcu_register_thread();
    rcu_read_lock();  // urcu_qsbr_read_lock()
    step = 1;
    step.wait(1);
    rcu_read_unlock();
    rcu_unregister_thread();
  });
  step.wait(0);
  std::atomic<bool> passed{false};
  std::thread updater([&] {
    synchronize_rcu();  // urcu_qsbr_synchronize_rcu()
    passed = true;
  });

  module.stop();
  module.wait_drained({});  // waits for no reader of the other flavour
  const bool too_early = passed;
  step = 2;
  step.notify_all();
  reader.join();
  updater.join();
  std::puts(too_early ? "the own reader was not waited for" : "own_rcu: right");
  return too_early ? 1 : 0;
}
