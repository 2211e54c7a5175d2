// SPDX-License-Identifier: MIT
// Capture files, read with libpcap: pcap in both byte orders and both time resolutions, and pcapng.
#include <pcap/pcap.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "bench/engine/errors.hpp"
#include "bench/workloads/netpath/input/frames.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
struct CloseCapture {
  void operator()(pcap_t* capture) const noexcept { pcap_close(capture); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;
using Capture = std::unique_ptr<pcap_t, CloseCapture>;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw RequestError("capture " + path + ": " + what);
}

std::string read_so_far(const FrameSet& frames) {
  return std::to_string(frames.summary().frames) + " complete frames (" +
         std::to_string(frames.summary().captured_bytes) + " bytes)";
}

/// Opens a regular file that has something in it; libpcap alone would take "-" for standard input
/// and call an empty file a truncated one.
FileHandle open_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    refuse(path, std::string(std::strerror(errno)) + "; nothing was read. Name an existing file");
  if (!S_ISREG(status.st_mode))
    refuse(path, "not a regular file; nothing was read. Name a capture file");
  if (status.st_size == 0)
    refuse(path, "the file is empty; nothing was read. Record it again");
  FileHandle file(std::fopen(path.c_str(), "rb"));
  if (!file)
    refuse(path, std::string(std::strerror(errno)) + "; nothing was read. Make it readable");
  return file;
}

Capture open_capture(const std::string& path) {
  FileHandle file = open_file(path);
  char error[PCAP_ERRBUF_SIZE] = "";
  Capture capture(pcap_fopen_offline(file.get(), error));
  if (!capture)
    refuse(path, "not a pcap or pcapng capture, or cut off in its file header (libpcap: " +
                     std::string(error) + "); no frame was read");
  (void)file.release();  // pcap_close() closes it
  if (const int link = pcap_datalink(capture.get()); link != DLT_EN10MB) {
    const char* name = pcap_datalink_val_to_name(link);
    refuse(path, "link type " + std::string(name == nullptr ? "unknown" : name) + " (" +
                     std::to_string(link) + ") is not supported, only EN10MB (Ethernet, " +
                     std::to_string(DLT_EN10MB) +
                     "); no frame was read. Record on an Ethernet interface, or convert with "
                     "tcprewrite --dlt=enet");
  }
  return capture;
}

}  // namespace

Input read_capture(const std::string& path) {
  const Capture capture = open_capture(path);
  auto frames = std::make_shared<FrameSet>(path);
  pcap_pkthdr* header = nullptr;
  const unsigned char* data = nullptr;
  int status = 0;
  while ((status = pcap_next_ex(capture.get(), &header, &data)) == 1) {
    frames->add(data, header->caplen, std::max(header->len, header->caplen));
    if (frames->summary().captured_bytes > kMostBytes)
      refuse(path, "more than 1 GiB of frames; read so far: " + read_so_far(*frames) +
                       ". Shorten it with editcap -r FILE OUT 1-1000000");
  }
  if (status == PCAP_ERROR)
    refuse(path, "damaged or cut off after " + read_so_far(*frames) +
                     " (libpcap: " + pcap_geterr(capture.get()) +
                     "). Record it again, or keep the whole frames with editcap");
  if (frames->frames().empty())
    refuse(path, "holds no frame, only a file header. Record it again");
  frames->finish();
  return frames;
}

}  // namespace getput::bench::netpath
