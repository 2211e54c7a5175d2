// SPDX-License-Identifier: MIT
// The include line of the installed package, in a project that builds with getput's sources. Ends
// with 0 if the module was found in use, and unused after the last put.
#include <getput/schemes/distributed/snzi.hpp>

int main() {
  getput::Snzi<> module;
  auto ticket = module.try_get();
  const bool refused_while_used = !module.try_stop();
  module.put(ticket);
  return refused_while_used && module.try_stop() ? 0 : 1;
}
