// SPDX-License-Identifier: MIT
#include "modules/text_map.hpp"

#include <link.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

namespace getput::modules {
namespace {

struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

struct Search {
  std::uintptr_t address = 0;
  std::vector<Range> segments;
};

// Called by dl_iterate_phdr for every loaded object; keeps the segments of the one that is sought.
int visit_object(dl_phdr_info* object, std::size_t /*size*/, void* data) {
  auto& search = *static_cast<Search*>(data);
  std::vector<Range> segments;
  bool found = false;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& header = object->dlpi_phdr[i];
    if (header.p_type != PT_LOAD)
      continue;
    const std::uintptr_t begin = object->dlpi_addr + header.p_vaddr;
    const Range range{begin, begin + header.p_memsz};
    found = found || (search.address >= range.begin && search.address < range.end);
    segments.push_back(range);
  }
  if (found)
    search.segments = std::move(segments);
  return found ? 1 : 0;
}

// "7f00-7f01 r-xp 00000000 fe:01 1234 /path"; nothing for anonymous memory (inode 0).
std::optional<MappedPiece> parse_line(const std::string& line) {
  std::istringstream text(line);
  std::string span;
  std::string rights;
  std::string offset;
  std::string device;
  std::string inode;
  if (!(text >> span >> rights >> offset >> device >> inode) || inode == "0")
    return std::nullopt;
  const auto dash = span.find('-');
  if (dash == std::string::npos)
    return std::nullopt;
  MappedPiece piece;
  piece.begin = std::stoull(span.substr(0, dash), nullptr, 16);
  piece.end = std::stoull(span.substr(dash + 1), nullptr, 16);
  piece.executable = rights.find('x') != std::string::npos;
  piece.file = device + " " + inode;
  return piece;
}

// A mapping that exists throughout the read is always reported; others may or may not be.
std::vector<MappedPiece> read_maps(bool& readable) {
  std::ifstream maps("/proc/self/maps");
  readable = maps.is_open();
  std::vector<MappedPiece> pieces;
  std::string line;
  while (std::getline(maps, line)) {
    if (auto piece = parse_line(line))
      pieces.push_back(std::move(*piece));
  }
  readable = readable && !pieces.empty();
  return pieces;
}

}  // namespace

std::vector<MappedPiece> mapped_pieces_of(const void* address) {
  Search search;
  search.address = reinterpret_cast<std::uintptr_t>(address);
  dl_iterate_phdr(visit_object, &search);
  bool readable = false;
  std::vector<MappedPiece> pieces = read_maps(readable);
  std::erase_if(pieces, [&](const MappedPiece& piece) {
    return std::none_of(search.segments.begin(), search.segments.end(), [&](const Range& range) {
      return piece.begin < range.end && range.begin < piece.end;
    });
  });
  return pieces;
}

std::vector<MappedPiece> still_mapped(const std::vector<MappedPiece>& pieces, bool& readable) {
  std::vector<MappedPiece> now = read_maps(readable);
  std::erase_if(now, [&](const MappedPiece& piece) {
    return std::none_of(pieces.begin(), pieces.end(), [&](const MappedPiece& old) {
      return piece.file == old.file && piece.begin < old.end && old.begin < piece.end;
    });
  });
  return now;
}

}  // namespace getput::modules
