// SPDX-License-Identifier: MIT
// getput-bench: enumerates the cells, runs trials of them, and is a Google Benchmark program.
#include <cstdio>
#include <exception>
#include <iostream>

#include "bench/catalog/registry.hpp"
#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"
#include "bench/program/env_json.hpp"
#include "bench/program/google_benchmark_main.hpp"
#include "bench/program/hunt_command.hpp"
#include "bench/program/list_json.hpp"
#include "bench/program/options.hpp"
#include "bench/program/plan.hpp"
#include "bench/program/replay_command.hpp"
#include "schemes/machine/errors.hpp"
#include "topology/errors.hpp"

namespace getput::bench {
namespace {

/// One document on stdout; a reader that went away or a full disk is an error, not a success.
int print(const Json& document) {
  std::cout << document.dump(1, ' ', false, Json::error_handler_t::replace) << std::endl;
  if (!std::cout) {
    throw EnvironmentError("standard output cannot be written");
  }
  return kExitDone;
}

int run(int argc, char** argv) {
  const Options options = Options::parse(argc, argv);
  const Registry& registry = Registry::instance();
  const bool own_mode = options.list || options.env || !options.plan.empty() ||
                        !options.hunt.empty() || !options.replay.empty();
  if (own_mode && !options.rest.empty()) {
    throw RequestError("unknown flag \"" + options.rest.front() +
                       "\" beside --getput_list, --getput_env, --getput_plan, --getput_hunt or "
                       "--getput_replay; see --help");
  }
  // Before any thread of ours is pinned, and before membarrier's registration could fall into a
  // trial: the machine is looked at once, here.
  allowed_pus();
  if (options.hunt_child) {
    return run_hunt_child(registry, options);
  }
  if (!options.hunt.empty()) {
    return print(hunt_document(registry, options));
  }
  if (options.list) {
    return print(list_document(registry, options.grid()));
  }
  if (options.env) {
    return print(env_document());
  }
  if (!options.plan.empty()) {
    return run_plan(registry, options);
  }
  if (!options.replay.empty()) {
    const Json document = replay_document(registry, options);
    print(document);
    return document["oracle"]["ok"].get<bool>() ? kExitDone : kExitBadResult;
  }
  return run_front(registry, options);
}

int fail(const char* what, int exit_code) {
  std::fprintf(stderr, "getput-bench: %s\n", what);
  return exit_code;
}

}  // namespace
}  // namespace getput::bench

int main(int argc, char** argv) {
  using namespace getput;
  try {
    return bench::run(argc, argv);
  } catch (const bench::RequestError& error) {
    return bench::fail(error.what(), bench::kExitBadRequest);
  } catch (const topology::Error& error) {
    return bench::fail(error.what(), error.exit_code());
  } catch (const std::exception& error) {
    return bench::fail(error.what(), bench::kExitEnvironment);
  }
}
