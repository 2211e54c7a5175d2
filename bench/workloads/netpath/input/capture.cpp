// SPDX-License-Identifier: MIT
// Capture files, read with libpcap: pcap in both byte orders and both time resolutions, and pcapng.
// Frames of other link types than Ethernet get an Ethernet header on the way (link_type.hpp).
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
#include "bench/workloads/netpath/input/link_type.hpp"

namespace getput::bench::netpath {
namespace {

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
  return capture;
}

std::string name_of(int link_type) {
  const char* name = pcap_datalink_val_to_name(link_type);
  return name == nullptr ? "unknown" : name;
}

EthernetConverter make_converter(const std::string& path, int link_type) {
  if (!EthernetConverter::supports(link_type))
    refuse(path, "link type " + name_of(link_type) + " (" + std::to_string(link_type) +
                     ") is not supported, only " + EthernetConverter::supported() +
                     "; no frame was read. Record on an interface of one of these types");
  return EthernetConverter(link_type);
}

/// What libpcap could not read on, and the remedy. libpcap takes a pcapng file of several
/// interfaces as long as they agree in link type and snap length; in its message alone it says that
/// they do not.
[[noreturn]] void refuse_rest(const std::string& path, const FrameSet& frames,
                              const std::string& why) {
  const std::string after = " (after " + read_so_far(frames) + "; libpcap: " + why + "). ";
  if (why.find("type of the first interface") != std::string::npos)
    refuse(path, "holds interfaces of different link types, of which libpcap reads one" + after +
                     "Keep one interface: tshark -r FILE -Y 'frame.interface_id == 0' -w "
                     "ONE.pcapng && editcap -F pcap -T ether ONE.pcapng OUT.pcap (or -T rawip, "
                     "linux-sll, null)");
  if (why.find("length of the first interface") != std::string::npos)
    refuse(path, "holds interfaces of different snap lengths, of which libpcap reads one" + after +
                     "Convert it: editcap -F pcap FILE OUT.pcap");
  refuse(path, "damaged or cut off" + after +
                   "Record it again, or keep the whole frames: editcap FILE OUT");
}

}  // namespace

Input read_capture(const std::string& path) {
  const Capture capture = open_capture(path);
  const int link_type = pcap_datalink(capture.get());
  EthernetConverter converter = make_converter(path, link_type);
  auto frames = std::make_shared<FrameSet>(path, name_of(link_type));
  pcap_pkthdr* header = nullptr;
  const unsigned char* data = nullptr;
  int status = 0;
  while ((status = pcap_next_ex(capture.get(), &header, &data)) == 1) {
    const auto frame =
        converter.convert(data, header->caplen, std::max(header->len, header->caplen));
    frames->add(frame.data, frame.captured, frame.wire);
    if (frames->summary().captured_bytes > kMostInputBytes)
      refuse(path, "more than 1 GiB of frames; read so far: " + read_so_far(*frames) +
                       ". Shorten it with editcap -r FILE OUT 1-1000000");
  }
  if (status == PCAP_ERROR)
    refuse_rest(path, *frames, pcap_geterr(capture.get()));
  if (frames->frames().empty())
    refuse(path, "holds no frame, only a file header. Record it again");
  frames->finish();
  return frames;
}

}  // namespace getput::bench::netpath
