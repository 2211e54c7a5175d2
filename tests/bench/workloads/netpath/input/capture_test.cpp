// SPDX-License-Identifier: MIT
// Captures, right and wrong; every file is made here.
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "bench/engine/errors.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath {
namespace {

using testing::Bytes;
using testing::make_frame;

class Capture : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("getput-capture-" + std::to_string(getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// Writes frames with libpcap; each loses its last @p cut bytes, as a snap length does it.
  std::string write(int link_type, const std::vector<Bytes>& frames, std::size_t cut = 0) const {
    const std::string file = path("test.pcap");
    pcap_t* dead = pcap_open_dead(link_type, 65535);
    pcap_dumper_t* dumper = pcap_dump_open(dead, file.c_str());
    for (const Bytes& frame : frames) {
      pcap_pkthdr header{};
      header.len = static_cast<bpf_u_int32>(frame.size());
      header.caplen = static_cast<bpf_u_int32>(frame.size() - cut);
      pcap_dump(reinterpret_cast<unsigned char*>(dumper), &header, frame.data());
    }
    pcap_dump_close(dumper);
    pcap_close(dead);
    return file;
  }

  static std::string refusal(const std::string& file) {
    try {
      read_capture(file);
    } catch (const RequestError& error) {
      return error.what();
    }
    return "accepted";
  }

  std::filesystem::path folder_;
};

/// The parts of a message, each of which has to be in it.
void expect_parts(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in: " << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST_F(Capture, EveryFrameIsRead) {
  Bytes arp(60, 0);
  testing::put16(arp, 12, 0x0806);
  const Input input = read_capture(write(DLT_EN10MB, {make_frame({}), arp, Bytes(5, 1)}));
  ASSERT_EQ(input->frames().size(), 3U);
  EXPECT_EQ(input->summary().frames, 3U);
  EXPECT_EQ(input->summary().not_usable, 2U);
  EXPECT_EQ(input->summary().udp, 1U);
  EXPECT_EQ(input->summary().flows, 1U);
  EXPECT_EQ(input->summary().cut_short, 0U);
  const Frame& first = input->frames()[0];
  EXPECT_EQ(Bytes(input->data(first), input->data(first) + first.captured), make_frame({}));
}

TEST_F(Capture, CutFramesKeepTheirLengthOnTheWire) {
  const Bytes frame = make_frame({});
  const Input input = read_capture(write(DLT_EN10MB, {frame}, 10));
  EXPECT_EQ(input->frames()[0].wire, frame.size());
  EXPECT_EQ(input->frames()[0].captured, frame.size() - 10);
  EXPECT_EQ(input->summary().cut_short, 1U);
  EXPECT_EQ(input->frames()[0].checksum, Transport::Checksum::not_checked);
}

TEST_F(Capture, MissingFileOrFolder) {
  expect_parts(refusal(path("none.pcap")), {"none.pcap", "No such file", "nothing was read"});
  expect_parts(refusal(folder_.string()), {"not a regular file"});
}

TEST_F(Capture, EmptyFile) {
  std::ofstream(path("empty.pcap")).close();
  expect_parts(refusal(path("empty.pcap")), {"empty.pcap", "is empty"});
}

TEST_F(Capture, NotACapture) {
  std::ofstream(path("text.pcap")) << "this is a letter, not a capture, and it is long enough\n";
  expect_parts(refusal(path("text.pcap")), {"text.pcap", "not a pcap", "no frame was read"});
}

TEST_F(Capture, CutInTheFileHeader) {
  const std::string file = write(DLT_EN10MB, {make_frame({})});
  std::filesystem::resize_file(file, 20);
  expect_parts(refusal(file), {"file header", "no frame was read"});
}

TEST_F(Capture, HeaderAndNothingElse) {
  expect_parts(refusal(write(DLT_EN10MB, {})), {"holds no frame"});
}

TEST_F(Capture, CutInTheMiddleSaysHowFarItCame) {
  const Bytes frame = make_frame({});
  const std::string file = write(DLT_EN10MB, {frame, frame, frame});
  const auto size = std::filesystem::file_size(file);
  for (const std::uintmax_t missing : {std::uintmax_t{1}, std::uintmax_t{frame.size() + 3}}) {
    std::filesystem::resize_file(file, size - missing);
    expect_parts(refusal(file),
                 {"after 2 complete frames (" + std::to_string(2 * frame.size()) + " bytes)"});
  }
}

TEST_F(Capture, UnsupportedLinkTypesAreNamed) {
  expect_parts(refusal(write(DLT_PPP, {Bytes(60, 0)})),
               {"PPP (9)", "EN10MB, RAW", "no frame was read"});
  expect_parts(refusal(write(200, {Bytes(60, 0)})), {"(200)", "not supported"});
}

TEST_F(Capture, SameFileIsReadOnce) {
  const std::string file = write(DLT_EN10MB, {make_frame({})});
  EXPECT_EQ(input_for(file), input_for(file));
}

}  // namespace
}  // namespace getput::bench::netpath
