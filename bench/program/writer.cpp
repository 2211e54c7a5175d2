// SPDX-License-Identifier: MIT
#include "bench/program/writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

#include "bench/engine/errors.hpp"

namespace getput::bench {
namespace {

constexpr double kSyncEveryS = 0.5;  // a power cut costs at most so much; a sync costs milliseconds

double seconds_now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

off_t size_of(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 ? status.st_size : -1;
}

}  // namespace

ResultWriter::ResultWriter(std::string path) : path_(std::move(path)) {
  fd_ = open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) {
    throw EnvironmentError("cannot open the result file " + path_ + ": " + std::strerror(errno) +
                           "; name a file in a folder that exists and can be written");
  }
  drop_torn_line();
}

ResultWriter::~ResultWriter() {
  sync();
  close(fd_);
}

void ResultWriter::drop_torn_line() {
  const off_t size = size_of(fd_);
  off_t end = size;
  char last = '\n';
  while (end > 0 && pread(fd_, &last, 1, end - 1) == 1 && last != '\n') {
    --end;
  }
  if (end < size) {
    if (ftruncate(fd_, end) != 0) {
      throw EnvironmentError("the last line of " + path_ +
                             " is torn and cannot be taken off: " + std::strerror(errno));
    }
    std::fprintf(stderr, "getput: %s ended in a torn line (%lld bytes), taken off\n", path_.c_str(),
                 static_cast<long long>(size - end));
  }
}

void ResultWriter::append(const Json& object) {
  // nlohmann writes NaN and infinities as null; broken UTF-8 becomes U+FFFD.
  const std::string line = object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const off_t before = size_of(fd_);
  ssize_t written = 0;
  do {
    written = write(fd_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(line.size())) {
    const int cause = written < 0 ? errno : ENOSPC;
    const bool restored = before >= 0 && ftruncate(fd_, before) == 0;
    throw EnvironmentError("cannot append to " + path_ + ": " + std::strerror(cause) +
                           (restored ? "; all finished trials in it are valid"
                                     : "; its last line is torn, the others are valid") +
                           "; make room and go on with --resume");
  }
  const double now = seconds_now();
  if (now - last_sync_s_ > kSyncEveryS) {
    sync();
    last_sync_s_ = now;
  }
}

void ResultWriter::sync() noexcept {
  fdatasync(fd_);
}

}  // namespace getput::bench
