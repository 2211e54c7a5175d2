// SPDX-License-Identifier: MIT
#include "bench/program/google_benchmark_main.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bench/engine/clock.hpp"
#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"
#include "bench/program/build_gate.hpp"
#include "bench/trial/runner.hpp"
#include "build_info.hpp"

namespace getput::bench {
namespace {

constexpr const char* kRepetitions = "--benchmark_repetitions";
constexpr const char* kDefaultRepetitions = "--benchmark_repetitions=5";

/// Debian's library prints on every run that it "was built as DEBUG": it has no NDEBUG, but our
/// bursts are not timed by it. This reporter says how getput itself was built instead.
class Reporter : public benchmark::ConsoleReporter {
 public:
  Reporter() : ConsoleReporter(OO_Tabular) {}

  bool ReportContext(const Context& context) override {
    fmt::print(stderr,
               "getput {} {} {} {}; {} allowed CPUs; time of one operation, each row a trial\n",
               build_info::version, build_info::compiler, build_info::compiler_version,
               build_info::build_type, allowed_pus().size());
    name_field_width_ = context.name_field_width;
    printed_header_ = false;
    prev_counters_.clear();
    return true;
  }
};

bool starts_with_any(const std::vector<std::string>& args, const char* prefix) {
  return std::any_of(args.begin(), args.end(),
                     [&](const std::string& arg) { return arg.rfind(prefix, 0) == 0; });
}

bool asks_for(const std::vector<std::string>& args, const std::string& flag) {
  return std::any_of(args.begin(), args.end(), [&](const std::string& arg) {
    return arg == flag || arg == flag + "=true" || arg == flag + "=1";
  });
}

/// What all registered functions share.
struct Session {
  TrialRunner runner;
  std::uint64_t next_trial = 0;
  bool wrong = false;
};

void run_one(benchmark::State& state, Session& session, const CellSpec& cell) {
  for ([[maybe_unused]] auto iteration : state) {
    Attempt result;
    try {
      result = session.runner.run(cell, session.next_trial++, [](const Attempt&) {});
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
      return;
    }
    if (!result.measurement.oracle_ok) {
      session.wrong = true;
      state.SkipWithError(("WRONG: " + result.measurement.oracle_detail).c_str());
      return;
    }
    if (!result.valid) {
      state.SkipWithError(fmt::format("no valid trial in {} attempts: {}", result.attempt + 1,
                                      fmt::join(result.reject_reasons, ", "))
                              .c_str());
      return;
    }
    const double ns = *result.measurement.ns_per_op;
    state.SetIterationTime(ns * 1e-9);
    // No counter that can be zero in every repetition: the library would print its cv as NaN.
    const auto add = [&](const char* name, const std::optional<double>& value) {
      if (value) {
        state.counters[name] = *value;
        state.counters[std::string("to_") + name] = ns / *value;
      }
    };
    add("plain", result.controls.plain_ns);
    add("fetch_add", result.controls.fetch_add_ns);
    add("lock_xadd", result.controls.lock_xadd_ns);
    add("line_transfer", result.controls.line_transfer_ns);
    state.counters["attempts"] = result.attempt + 1;
  }
}

/// Google Benchmark keeps pointers into these: they live as long as the run.
struct Arguments {
  std::vector<std::string> texts;
  std::vector<char*> pointers;
  int count = 0;

  explicit Arguments(const std::vector<std::string>& rest) : texts{"getput-bench"} {
    if (!starts_with_any(rest, kRepetitions)) {
      texts.emplace_back(kDefaultRepetitions);
    }
    texts.insert(texts.end(), rest.begin(), rest.end());
    for (std::string& text : texts) {
      pointers.push_back(text.data());
    }
    count = static_cast<int>(pointers.size());
    pointers.push_back(nullptr);
  }
};

void reject_unknown(const Arguments& arguments) {
  if (arguments.count > 1) {
    throw RequestError(fmt::format(
        "unknown flag \"{}\"; known: --getput_list, --getput_env, --getput_plan, --getput_out, "
        "--getput_threads, --getput_place, --getput_pcap, --getput_traffic, --getput_local, "
        "--getput_tw_ms, "
        "--getput_hunt, --getput_hunt_s, --help, "
        "and Google Benchmark's "
        "--benchmark_*",
        arguments.pointers[1]));
  }
}

void add_context() {
  benchmark::AddCustomContext("getput_build_type", std::string(build_info::build_type));
  benchmark::AddCustomContext(
      "getput_compiler", fmt::format("{} {}", build_info::compiler, build_info::compiler_version));
  benchmark::AddCustomContext("getput_commit", std::string(build_info::commit));
  benchmark::AddCustomContext("getput_clock", Clock::instance().source());
  benchmark::AddCustomContext(
      "library_build_type_note",
      "library_build_type is Google Benchmark's own (Debian builds it without NDEBUG); it times "
      "nothing here");
}

}  // namespace

int run_front(const Registry& registry, const Options& options) {
  Arguments arguments(options.rest);
  benchmark::Initialize(&arguments.count, arguments.pointers.data());
  reject_unknown(arguments);
  const bool only_lists = asks_for(options.rest, "--benchmark_list_tests");
  if (!only_lists) {
    require_fit_for_results();
    add_context();
  }
  const GridRequest request = options.grid();
  TrialSettings settings;
  settings.seed = std::random_device{}();
  const std::vector<CellSpec> cells = registry.cells(request);
  Session session{TrialRunner(registry, request, settings)};
  for (const CellSpec& cell : cells) {
    if (cell.possible) {
      benchmark::RegisterBenchmark(
          cell.name.c_str(),
          [&session, &cell](benchmark::State& state) { run_one(state, session, cell); })
          ->Iterations(1)
          ->UseManualTime();
    }
  }
  const bool other_format = starts_with_any(options.rest, "--benchmark_format") &&
                            !starts_with_any(options.rest, "--benchmark_format=console");
  Reporter reporter;
  const std::size_t ran = other_format || only_lists ? benchmark::RunSpecifiedBenchmarks()
                                                     : benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  if (ran == 0) {
    throw RequestError(fmt::format(
        "no cell matches the filter; schemes: {}; workloads: {}; see "
        "--benchmark_list_tests",
        fmt::join(registry.scheme_names(), ", "), fmt::join(registry.workload_names(), ", ")));
  }
  return session.wrong ? kExitBadResult : kExitDone;
}

}  // namespace getput::bench
