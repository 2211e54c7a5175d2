// SPDX-License-Identifier: MIT
// Any file as a capture: read_capture() refuses it in one line, or what it gives adds up.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "bench/engine/errors.hpp"
#include "bench/workloads/netpath/input/frames.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace getput::bench::netpath;
using getput::fuzz::require;

/// A file in memory that can be opened by name.
class MemoryFile {
 public:
  MemoryFile()
      : file_(memfd_create("capture", 0)), path_("/proc/self/fd/" + std::to_string(file_)) {
    require(file_ >= 0, "memfd_create()");
  }
  void fill(const std::uint8_t* data, std::size_t size) const {
    require(ftruncate(file_, 0) == 0, "ftruncate()");
    require(pwrite(file_, data, size, 0) == static_cast<ssize_t>(size), "pwrite()");
  }
  const std::string& path() const { return path_; }

 private:
  int file_;
  std::string path_;
};

void check(const FrameSet& input) {
  const InputSummary& summary = input.summary();
  InputSummary sum;
  std::size_t offset = 0;
  for (const Frame& frame : input.frames()) {
    require(frame.offset == offset, "frames lie behind each other");
    require(frame.captured <= frame.wire, "no more is captured than there was");
    offset += frame.captured;
    ++sum.frames;
    sum.wire_bytes += frame.wire;
    sum.captured_bytes += frame.captured;
    sum.cut_short += frame.captured < frame.wire ? 1U : 0U;
    Packet packet;
    if (parse(input.data(frame), frame.captured, frame.wire, packet) == DropReason::none) {
      ++(packet.ipv6 ? sum.ipv6 : sum.ipv4);
    } else {
      ++sum.not_usable;
      require(frame.rss == 0, "only IP frames are hashed");
    }
  }
  require(sum.frames != 0, "an input holds a frame");
  require(sum.frames == summary.frames && sum.wire_bytes == summary.wire_bytes &&
              sum.captured_bytes == summary.captured_bytes && sum.cut_short == summary.cut_short,
          "the summary counts the frames");
  require(
      sum.ipv4 == summary.ipv4 && sum.ipv6 == summary.ipv6 && sum.not_usable == summary.not_usable,
      "the summary counts what parse() says");
  require(summary.udp + summary.tcp <= summary.ipv4 + summary.ipv6, "UDP and TCP are IP");
  require(summary.flows <= summary.ipv4 + summary.ipv6, "a flow has a frame");
  require(input.flows().size() >= summary.flows, "every flow is known");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  file.fill(data, size);
  try {
    check(*read_capture(file.path()));
  } catch (const getput::bench::RequestError& error) {
    const std::string message = error.what();
    require(message.find(file.path()) != std::string::npos, "a refusal names the file");
    require(message.find('\n') == std::string::npos, "a refusal is one line");
  }
  return 0;
}
