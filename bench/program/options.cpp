// SPDX-License-Identifier: MIT
#include "bench/program/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>

#include <utility>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"

namespace getput::bench {
namespace {

unsigned parse_count(std::string_view text, const std::string& whole, unsigned most) {
  unsigned value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || value == 0) {
    throw RequestError(fmt::format(
        "--getput_threads={}: \"{}\" is not a number of threads; write for example 1,2,4 or 1-4",
        whole, text));
  }
  if (value > most) {
    throw RequestError(fmt::format(
        "--getput_threads={}: {} threads, but this process may use {} CPU{} only; a thread without "
        "a CPU of its own would measure the scheduler",
        whole, value, most, most == 1 ? "" : "s"));
  }
  return value;
}

constexpr const char* kFooter =
    "Without --getput_list, --getput_env, --getput_plan, --getput_hunt and --getput_replay this is "
    "a\n"
    "Google Benchmark program over\n"
    "the same cells, one of its iterations being one trial: --benchmark_list_tests,\n"
    "--benchmark_filter=REGEX, --benchmark_repetitions=N, --benchmark_format=json,\n"
    "--benchmark_out=FILE and the rest work as ever; Time is the cost of one operation.\n\n"
    "Exit codes: 0 done, 1 a result is bad (WRONG), 2 bad request, 3 the machine does not allow "
    "it.";

}  // namespace

std::vector<unsigned> default_threads(unsigned most) {
  std::vector<unsigned> counts;
  for (unsigned n = 1; n < most; n *= 2) {
    counts.push_back(n);
  }
  counts.push_back(most);
  return counts;
}

std::vector<unsigned> parse_threads(const std::string& text, unsigned most) {
  std::set<unsigned> counts;
  std::stringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t dash = part.find('-');
    const unsigned first = parse_count(std::string_view(part).substr(0, dash), text, most);
    const unsigned last = dash == std::string::npos
                              ? first
                              : parse_count(std::string_view(part).substr(dash + 1), text, most);
    if (last < first) {
      parse_count("", text, most);
    }
    for (unsigned n = first; n <= last; ++n) {
      counts.insert(n);
    }
  }
  if (counts.empty() || text.back() == ',') {
    parse_count("", text, most);
  }
  return {counts.begin(), counts.end()};
}

Options Options::parse(int argc, char** argv) {
  Options options;
  CLI::App app{"getput-bench: what it costs to keep a module from disappearing", "getput-bench"};
  app.allow_extras();
  app.footer(kFooter);
  app.add_flag("--getput_list", options.list, "print every scheme, workload and cell as JSON");
  app.add_flag("--getput_env", options.env, "print the environment record as JSON");
  auto* plan = app.add_option("--getput_plan", options.plan, "run the trials of this plan (JSON)");
  auto* out = app.add_option("--getput_out", options.out, "append the results here (JSON Lines)");
  app.add_option("--getput_threads", options.threads,
                 "thread counts, for example 1,2 or 1-4 (default 1,2,4 .. all allowed CPUs)");
  app.add_option("--getput_place", options.places,
                 "placements: compact, scatter, per_l3, per_numa, smt, list:0,2 (default compact)");
  auto* pcap =
      app.add_option("--getput_pcap", options.pcap, "capture file of netpath (default: generated)");
  app.add_option(
         "--getput_traffic", options.traffic,
         "generated traffic of netpath: imix or fixed, then ,KEY=VALUE of close flows frames "
         "ipv6 seed size udp zipf to (default imix)")
      ->excludes(pcap);
  app.add_option("--getput_local", options.local_percent,
                 "netpath: percent of the destination networks that are this host's (default 50)")
      ->check(CLI::Range(0U, 100U));
  app.add_option(
         "--getput_tw_ms", options.time_wait_ms,
         "netpath: how long a closed TCP connection stays in TIME_WAIT, 0 to 60000 (default 1)")
      ->check(CLI::Range(0.0, 60000.0));
  auto* hunt = app.add_option("--getput_hunt", options.hunt,
                              "hunt this unsafe scheme on a module that is really unmapped");
  auto* hunt_s =
      app.add_option("--getput_hunt_s", options.hunt_s, "longest hunt in seconds (default 5)");
  auto* replay = app.add_option("--getput_replay", options.replay,
                                "execute this netpath cell without a clock, for callgrind");
  app.add_option("--getput_passes", options.passes,
                 "passes over the input to replay, 1 to 1000 (default 1)")
      ->needs(replay);
  const std::string hidden;  // the group that --help leaves out
  app.add_flag("--getput_hunt_child", options.hunt_child)->group(hidden)->needs(hunt);
  app.add_flag("--getput_hunt_safe", options.hunt_safe)->group(hidden)->needs(hunt);
  hunt_s->needs(hunt);
  plan->needs(out);
  out->needs(plan);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    std::exit(app.exit(help));
  } catch (const CLI::ParseError& error) {
    throw RequestError(std::string(error.what()) + "; see --help");
  }
  options.rest = app.remaining();
  return options;
}

GridRequest Options::grid() const {
  const auto most = static_cast<unsigned>(allowed_pus().size());
  GridRequest request;
  request.threads = threads.empty() ? default_threads(most) : parse_threads(threads, most);
  request.places = parse_places(places);
  return with_input(std::move(request));
}

GridRequest Options::with_input(GridRequest request) const {
  request.pcap = pcap;
  request.traffic = traffic;
  request.local_percent = local_percent;
  request.time_wait_ms = time_wait_ms;
  return request;
}

}  // namespace getput::bench
