// SPDX-License-Identifier: MIT
// Writes the seeds of the fuzzers, one of each kind of frame and of file:
//   getput-fuzz-corpus FOLDER
// makes FOLDER/frame and FOLDER/capture. tests/fuzz/corpus is what it writes.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/bench/workloads/netpath/input/capture_builder.hpp"
#include "tests/fuzz/frame_input.hpp"

namespace {

using namespace getput::bench::netpath::testing;
using getput::fuzz::FrameInput;

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
  }
  void write(const std::string& name, const Bytes& bytes) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::filesystem::path path_;
};

FrameSpec spec_of(bool ipv6, std::uint8_t proto, unsigned tags = 0) {
  FrameSpec spec;
  spec.ipv6 = ipv6;
  spec.protocol = proto;
  spec.vlan_tags = tags;
  spec.payload = 9;
  return spec;
}

void write_frames(const Folder& folder) {
  const auto write = [&](const std::string& name, const Bytes& frame, std::uint16_t cut = 0) {
    folder.write(name, FrameInput{true, cut, 30, frame}.encode());
  };
  for (const bool ipv6 : {false, true}) {
    const std::string family = ipv6 ? "ipv6" : "ipv4";
    write(family + "-tcp", make_frame(spec_of(ipv6, 6)));
    write(family + "-udp", make_frame(spec_of(ipv6, 17)));
    write(family + "-udp-two-tags", make_frame(spec_of(ipv6, 17, 2)));
    write(family + "-icmp", make_frame(spec_of(ipv6, 1)));
    write(family + "-tcp-cut", make_frame(spec_of(ipv6, 6)), 1000);
  }
  write("ipv4-udp-three-tags", make_frame(spec_of(false, 17, 3)));
  Bytes short_header = make_frame(spec_of(false, 6));
  short_header[14] = 0x44;
  fix_ipv4_checksum(short_header);
  write("ipv4-short-header", short_header);
  FrameSpec spec = spec_of(false, 17);
  spec.fragment_field = 0x2000;
  write("ipv4-fragment", make_frame(spec));
  spec = spec_of(true, 17);
  spec.first_extension = 0;
  spec.extensions = {51, 0, 1, 4, 0, 0, 0, 0,              // hop-by-hop options
                     60, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1,  // authentication
                     44, 0, 1, 4, 0, 0, 0, 0,              // destination options
                     17, 0, 0, 0, 0, 0, 0, 7};             // a fragment that is whole
  write("ipv6-extensions", make_frame(spec));
  Bytes arp(60);
  put16(arp, 12, 0x0806);
  write("arp", arp);
}

void write_captures(const Folder& folder) {
  const Bytes v4 = make_frame(spec_of(false, 6));
  const Bytes v6 = make_frame(spec_of(true, 17));
  const auto wire = static_cast<std::uint32_t>(v6.size());
  const Bytes cut(v6.begin(), v6.begin() + 20);
  folder.write("ethernet", make_pcap({}, link::kEthernet, {{v4}, {v6}, {cut, wire}}));
  folder.write("ethernet-big-nano", make_pcap({true, true}, link::kEthernet, {{v4}, {v6}}));
  folder.write("raw", make_pcap({}, link::kRaw, {{relink(v4, {})}, {relink(v6, {})}}));
  folder.write("sll", make_pcap({}, link::kSll,
                                {{relink(v4, sll_header(0x0800))},
                                 {relink(v6, sll_header(0x86dd))},
                                 {Bytes(10, 0), wire}}));
  folder.write("sll2",
               make_pcap({}, link::kSll2,
                         {{relink(v4, sll2_header(0x0800))}, {relink(v6, sll2_header(0x86dd))}}));
  folder.write("null", make_pcap({}, link::kNull,
                                 {{relink(v4, {2, 0, 0, 0})}, {relink(v6, {0, 0, 0, 30})}}));
  folder.write("loop", make_pcap({}, link::kLoop, {{relink(v4, {0, 0, 0, 2})}}));
  folder.write("ng", make_pcapng({}, {{}, {}}, {{v4}, {v6, 0, 1}}));
  folder.write("ng-big", make_pcapng({true, false}, {{}}, {{v4}}));
  folder.write("ng-two-types", make_pcapng({}, {{}, {link::kRaw}}, {{v4}, {v6, 0, 1}}));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: getput-fuzz-corpus FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  write_frames(Folder(folder / "frame"));
  write_captures(Folder(folder / "capture"));
  return 0;
}
