// SPDX-License-Identifier: MIT
#include "bench/program/hunt_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "bench/engine/errors.hpp"
#include "bench/oracle/hunt.hpp"

namespace getput::bench {
namespace {

constexpr double kLongestS = 3600.0;
constexpr double kGraceS = 30.0;  // for a child on a crowded machine to start and to end

const SchemeEntry& find_scheme(const Registry& registry, const std::string& name) {
  const auto& schemes = registry.schemes();
  const auto found = std::find_if(schemes.begin(), schemes.end(), [&](const SchemeEntry& entry) {
    return entry.info.name == name;
  });
  if (found == schemes.end()) {
    throw RequestError(fmt::format("--getput_hunt={}: unknown scheme; known: {}", name,
                                   fmt::join(registry.scheme_names(), ", ")));
  }
  return *found;
}

void check_request(const Registry& registry, const SchemeEntry& scheme, const Options& options) {
  if (!(options.hunt_s > 0.0 && options.hunt_s <= kLongestS)) {
    throw RequestError(fmt::format("--getput_hunt_s={}: must be more than 0 and at most {}",
                                   options.hunt_s, kLongestS));
  }
  if (scheme.info.safe && !options.hunt_safe) {
    std::vector<std::string_view> unsafe;
    for (const SchemeEntry& entry : registry.schemes()) {
      if (!entry.info.safe) {
        unsafe.push_back(entry.info.name);
      }
    }
    throw RequestError(fmt::format("--getput_hunt={}: the scheme is safe; schemes that are not: {}",
                                   options.hunt, fmt::join(unsafe, ", ")));
  }
}

/// What became of the child.
struct Child {
  int status = 0;
  std::string output;
};

/// Reads until the child has closed its end; false when it took too long.
bool read_all(int fd, std::string& output, double at_most_s) {
  using Time = std::chrono::steady_clock;
  const auto until = Time::now() + std::chrono::duration<double>(at_most_s);
  std::array<char, 256> part{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Time::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) == 0) {
      return false;
    }
    const ssize_t length = read(fd, part.data(), part.size());
    if (length == 0) {
      return true;
    }
    if (length > 0) {
      output.append(part.data(), static_cast<std::size_t>(length));
    }
  }
}

Child run_child(const Options& options) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    throw EnvironmentError(fmt::format("hunt: no pipe: {}", std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  std::array<std::string, 4> words = {"getput-bench", "--getput_hunt_child",
                                      "--getput_hunt=" + options.hunt,
                                      fmt::format("--getput_hunt_s={}", options.hunt_s)};
  std::array<char*, 5> arguments{};
  std::transform(words.begin(), words.end(), arguments.begin(),
                 [](std::string& word) { return word.data(); });
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  Child child;
  if (error != 0) {
    close(pipe_ends[0]);
    throw EnvironmentError(fmt::format("hunt: no child process: {}", std::strerror(error)));
  }
  const bool ended = read_all(pipe_ends[0], child.output, options.hunt_s + kGraceS);
  close(pipe_ends[0]);
  if (!ended) {
    kill(pid, SIGKILL);
  }
  while (waitpid(pid, &child.status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) {
    throw EnvironmentError(
        fmt::format("hunt of {}: not over {} s after its time", options.hunt, kGraceS));
  }
  return child;
}

}  // namespace

Json hunt_document(const Registry& registry, const Options& options) {
  const SchemeEntry& scheme = find_scheme(registry, options.hunt);
  check_request(registry, scheme, options);
  Json document = {{"schema", "getput.hunt/1"},
                   {"scheme", options.hunt},
                   {"caught", false},
                   {"how", nullptr},
                   {"rounds", 0},
                   {"seconds", 0.0}};
  if (!scheme.hunt) {
    document["how"] = "not hunted: removal is not defined for this scheme";
    return document;
  }
  const auto begin = std::chrono::steady_clock::now();
  const Child child = run_child(options);
  document["seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::istringstream words(child.output);
  std::string what;
  std::string address;
  std::uint64_t rounds = 0;
  if (WIFEXITED(child.status) && WEXITSTATUS(child.status) == oracle::kHuntCaught &&
      words >> what >> address >> rounds) {
    document["caught"] = true;
    document["how"] = fmt::format(
        "SIGSEGV at {} in the former mapping of module {}: a caller called into unmapped text",
        address, oracle::kHuntedModule);
  } else if (!(WIFEXITED(child.status) && WEXITSTATUS(child.status) == kExitDone &&
               words >> what >> rounds)) {
    throw EnvironmentError(
        fmt::format("hunt of {}: the child process ended with {} {} ({})", options.hunt,
                    WIFEXITED(child.status) ? "exit code" : "signal",
                    WIFEXITED(child.status) ? WEXITSTATUS(child.status) : WTERMSIG(child.status),
                    child.output.substr(0, child.output.find('\n'))));
  }
  document["rounds"] = rounds;
  return document;
}

int run_hunt_child(const Registry& registry, const Options& options) {
  const SchemeEntry& scheme = find_scheme(registry, options.hunt);
  std::printf("rounds %llu\n", static_cast<unsigned long long>(scheme.hunt(options.hunt_s)));
  return kExitDone;
}

}  // namespace getput::bench
