// SPDX-License-Identifier: MIT
// Guard something that can go away with the kernel's percpu_ref: callers get and put, a remover
// stops new callers and waits for those inside. Ends with 0 if the last caller was refused.
#include <getput/schemes/distributed/percpu_ref.hpp>
#include <stop_token>

int main() {
  getput::PercpuRef<> ref;
  if (auto ticket = ref.try_get()) {
    ref.put(ticket);  // between the two the module cannot go
  }
  ref.stop();                           // from here on try_get refuses
  ref.wait_drained(std::stop_token{});  // whoever was inside has left
  return ref.try_get() ? 1 : 0;
}
