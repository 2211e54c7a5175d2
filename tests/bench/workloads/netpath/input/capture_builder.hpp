// SPDX-License-Identifier: MIT
// Capture files for tests, byte by byte: what libpcap itself would not write on this machine, such
// as the other byte order, and pcapng.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath::testing {

/// Link types as files have them (https://www.tcpdump.org/linktypes.html).
namespace link {
inline constexpr std::uint32_t kNull = 0;
inline constexpr std::uint32_t kEthernet = 1;
inline constexpr std::uint32_t kRaw = 101;
inline constexpr std::uint32_t kLoop = 108;
inline constexpr std::uint32_t kSll = 113;
inline constexpr std::uint32_t kIpv4 = 228;
inline constexpr std::uint32_t kIpv6 = 229;
inline constexpr std::uint32_t kSll2 = 276;
}  // namespace link

/// One record of a capture file.
struct Record {
  Bytes bytes;
  std::uint32_t wire = 0;       ///< 0: all of it was captured
  std::uint32_t interface = 0;  ///< pcapng alone
};

struct FileFormat {
  bool big_endian = false;
  bool nanoseconds = false;  ///< pcap alone
};

class FileBuilder {
 public:
  explicit FileBuilder(const FileFormat& format) : format_(format) {}

  void put(std::size_t size, std::uint64_t value) {
    for (std::size_t i = 0; i < size; ++i)
      bytes_.push_back(
          static_cast<std::uint8_t>(value >> 8U * (format_.big_endian ? size - 1 - i : i)));
  }
  void put(const Bytes& bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  /// A pcapng block with its padding.
  void block(std::uint32_t type, const FileBuilder& body) {
    const std::size_t padding = (4 - body.bytes_.size() % 4) % 4;
    const std::size_t size = 12 + body.bytes_.size() + padding;
    put(4, type);
    put(4, size);
    put(body.bytes_);
    put(Bytes(padding));
    put(4, size);
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  FileFormat format_;
  Bytes bytes_;
};

inline std::uint32_t wire_of(const Record& record) {
  return record.wire == 0 ? static_cast<std::uint32_t>(record.bytes.size()) : record.wire;
}

inline Bytes make_pcap(const FileFormat& format, std::uint32_t link_type,
                       std::initializer_list<Record> records) {
  FileBuilder file(format);
  file.put(4, format.nanoseconds ? 0xa1b23c4dU : 0xa1b2c3d4U);
  file.put(2, 2);
  file.put(2, 4);
  file.put(8, 0);
  file.put(4, 65535);
  file.put(4, link_type);
  for (const Record& record : records) {
    file.put(8, 0);
    file.put(4, record.bytes.size());
    file.put(4, wire_of(record));
    file.put(record.bytes);
  }
  return file.bytes();
}

/// An interface of a pcapng file.
struct Interface {
  std::uint32_t link_type = link::kEthernet;
  std::uint32_t snap_length = 65535;
};

inline Bytes make_pcapng(const FileFormat& format, std::initializer_list<Interface> interfaces,
                         std::initializer_list<Record> records) {
  FileBuilder file(format);
  FileBuilder section(format);
  section.put(4, 0x1a2b3c4dU);
  section.put(2, 1);
  section.put(2, 0);
  section.put(8, ~std::uint64_t{0});
  file.block(0x0a0d0d0aU, section);
  for (const Interface& interface : interfaces) {
    FileBuilder body(format);
    body.put(4, format.big_endian ? interface.link_type << 16U : interface.link_type);
    body.put(4, interface.snap_length);
    file.block(1, body);
  }
  for (const Record& record : records) {
    FileBuilder body(format);
    body.put(4, record.interface);
    body.put(8, 0);
    body.put(4, record.bytes.size());
    body.put(4, wire_of(record));
    body.put(record.bytes);
    file.block(6, body);
  }
  return file.bytes();
}

/// The packet of an Ethernet frame behind another link header.
inline Bytes relink(const Bytes& frame, const Bytes& header) {
  Bytes result = header;
  result.insert(result.end(), frame.begin() + 14, frame.end());
  return result;
}

/// A cooked header, version 1, of an Ethernet device.
inline Bytes sll_header(unsigned type, unsigned device = 1) {
  Bytes header(16);
  put16(header, 2, device);
  put16(header, 4, 6);
  put16(header, 14, type);
  return header;
}

/// The same, version 2.
inline Bytes sll2_header(unsigned type, unsigned device = 1) {
  Bytes header(20);
  put16(header, 0, type);
  put32(header, 4, 3);
  put16(header, 8, device);
  header[11] = 6;
  return header;
}

}  // namespace getput::bench::netpath::testing
