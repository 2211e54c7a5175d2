// SPDX-License-Identifier: MIT
#include "bench/engine/thread_usage.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>

namespace getput::bench {
namespace {

// "<ns running> <ns waiting> <slices>"
std::optional<std::uint64_t> read_run_wait(int fd) noexcept {
  std::array<char, 96> text{};
  const ssize_t length = fd < 0 ? -1 : pread(fd, text.data(), text.size(), 0);
  if (length <= 0) {
    return std::nullopt;
  }
  const char* const end = text.data() + length;
  const auto* space =
      static_cast<const char*>(std::memchr(text.data(), ' ', static_cast<std::size_t>(length)));
  std::uint64_t value = 0;
  if (space == nullptr || std::from_chars(space + 1, end, value).ec != std::errc{}) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

ThreadUsage ThreadUsage::since(const ThreadUsage& before) const noexcept {
  ThreadUsage result;
  result.involuntary_switches = involuntary_switches - before.involuntary_switches;
  result.voluntary_switches = voluntary_switches - before.voluntary_switches;
  result.minor_faults = minor_faults - before.minor_faults;
  result.major_faults = major_faults - before.major_faults;
  if (run_wait_ns && before.run_wait_ns) {
    result.run_wait_ns = *run_wait_ns - *before.run_wait_ns;
  }
  return result;
}

UsageReader::UsageReader() noexcept
    : schedstat_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {
}

UsageReader::~UsageReader() {
  if (schedstat_ >= 0) {
    close(schedstat_);
  }
}

ThreadUsage UsageReader::read() const noexcept {
  rusage counted{};
  getrusage(RUSAGE_THREAD, &counted);
  ThreadUsage usage;
  usage.involuntary_switches = counted.ru_nivcsw;
  usage.voluntary_switches = counted.ru_nvcsw;
  usage.minor_faults = counted.ru_minflt;
  usage.major_faults = counted.ru_majflt;
  usage.run_wait_ns = read_run_wait(schedstat_);
  return usage;
}

}  // namespace getput::bench
