// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/Version.hpp>
#include <cctype>
#include <fstream>
#include <string>

#include "bench/engine/clock.hpp"
#include "bench/engine/placement.hpp"
#include "bench/program/build_gate.hpp"
#include "bench/program/env_json.hpp"
#include "build_info.hpp"
#include "schemes/machine/native.hpp"
#include "topology/topology.hpp"

namespace getput::bench {
namespace {

Json build_json() {
  const std::string unfit = unfit_for_results();
  return {
      {"version", build_info::version},
      {"compiler", build_info::compiler},
      {"compiler_version", build_info::compiler_version},
      {"flags", build_info::flags},
      {"build_type", build_info::build_type},
      {"sanitizer", build_info::sanitizer.empty() ? Json(nullptr) : Json(build_info::sanitizer)},
      {"commit", build_info::commit},
      {"dirty", build_info::dirty},
      {"writes_results", unfit.empty()},
      {"why_not", unfit.empty() ? Json(nullptr) : Json(unfit)}};
}

/// Versions this was compiled against, from the headers or from CMake's package search.
Json libraries_json() {
  return {{"glibc", gnu_get_libc_version()},
          {"google_benchmark", GETPUT_VERSION_BENCHMARK},
          {"liburcu", GETPUT_VERSION_URCU},
          {"concurrency_kit", GETPUT_VERSION_CK},
          {"hwloc", GETPUT_VERSION_HWLOC},
          {"jemalloc", GETPUT_VERSION_JEMALLOC},
          {"libpcap", GETPUT_VERSION_PCAP},
          {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                              FMT_VERSION % 100)},
          {"nlohmann_json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                        NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
          {"cli11", CLI11_VERSION}};
}

/// The first "key : value" of /proc/cpuinfo with this key; null where there is none.
Json cpuinfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(key) || colon + 2 > line.size()) {
      continue;
    }
    const std::string between = line.substr(key.size(), colon - key.size());
    if (between.find_first_not_of(" \t") == std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return nullptr;
}

Json system_json() {
  utsname name{};
  uname(&name);
  return {{"kernel", std::string(name.sysname) + " " + name.release},
          {"architecture", name.machine},
          {"cpu_model", cpuinfo("model name")},
          {"microcode", cpuinfo("microcode")},
          {"page_bytes", sysconf(_SC_PAGESIZE)}};
}

Json clock_json() {
  const Clock& clock = Clock::instance();
  return {{"source", clock.source()},
          {"note", clock.note().empty() ? Json(nullptr) : Json(clock.note())},
          {"frequency_hz", clock.frequency_hz()},
          {"resolution_ns", clock.resolution_ns()},
          {"overhead_ns", clock.overhead_ns()}};
}

}  // namespace

Json env_document() {
  Json document;
  document["schema"] = "getput.env/1";
  document["build"] = build_json();
  document["libraries"] = libraries_json();
  document["system"] = system_json();
  document["rseq"] = machine::rseq_available();
  document["membarrier"] = machine::Membarrier::available();
  document["membarrier_rseq"] = machine::Membarrier::rseq_available();
  document["possible_cpus"] = machine::Native::possible_cpus();
  document["allowed_cpus"] = allowed_pus();
  document["clock"] = clock_json();
  document["topology"] = this_machine().to_json();
  return document;
}

}  // namespace getput::bench
