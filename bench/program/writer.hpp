// SPDX-License-Identifier: MIT
// The result file: JSON Lines, one object a line, each written by one write(2).
//
// A finished line survives whatever happens later: a kill leaves the lines before it, a full disk
// takes the torn part of its own line back. JSON is strict: no NaN, no infinity, valid UTF-8.
#pragma once

#include <string>

#include "bench/catalog/cell.hpp"

namespace getput::bench {

class ResultWriter {
 public:
  /// Opens for appending, creating the file. A torn last line of an earlier run that was killed is
  /// taken off (and said on stderr). Throws EnvironmentError.
  explicit ResultWriter(std::string path);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  /// Appends one line. On failure (full disk, limit) the file is as before the call, and an
  /// EnvironmentError names the file and the cause.
  void append(const Json& object);

  /// Asks the disk to have it all; append() does so by itself every few hundred milliseconds.
  void sync() noexcept;

 private:
  void drop_torn_line();

  std::string path_;
  int fd_ = -1;
  double last_sync_s_ = 0.0;
};

}  // namespace getput::bench
