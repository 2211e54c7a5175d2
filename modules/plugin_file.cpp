// SPDX-License-Identifier: MIT
#include "modules/plugin_file.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace getput::modules {
namespace {

namespace fs = std::filesystem;

Status not_a_module(const fs::path& path, const std::string& why) {
  return failure(ENOEXEC, path.string() + " is not a getput module: " + why);
}

// The dynamic linker maps what the program headers promise and does not compare them with the
// length of the file: a file that was cut off would end the process with SIGBUS, not with an
// error. So the headers are checked first; everything else is left to dlopen().
Status check_complete(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return failure(EIO, "cannot read " + path.string() + ": check its permissions");
  const std::uintmax_t size = fs::file_size(path);
  ElfW(Ehdr) header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return not_a_module(path, "no ELF header; rebuild the plug-in");
  }
  if (header.e_phentsize != sizeof(ElfW(Phdr)))
    return not_a_module(path, "built for another word size; rebuild the plug-in");
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    const bool read =
        static_cast<bool>(file.read(reinterpret_cast<char*>(&segment), sizeof segment));
    if (!read || (segment.p_type == PT_LOAD &&
                  (segment.p_offset > size || segment.p_filesz > size - segment.p_offset))) {
      return not_a_module(path, "the file is cut off; rebuild the plug-in");
    }
  }
  return {};
}

Status check_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    return failure(ENOENT, "no plug-in file " + path.string() + ": build it or correct the path");
  if (!fs::is_regular_file(status))
    return not_a_module(path, "not a regular file");
  return check_complete(path);
}

std::string describe(const std::vector<MappedPiece>& pieces) {
  std::ostringstream text;
  text << std::hex;
  for (const MappedPiece& piece : pieces)
    text << ' ' << piece.begin << '-' << piece.end << (piece.executable ? "(text)" : "");
  return text.str();
}

}  // namespace

std::int64_t monotonic_ns() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

PluginFile::PluginFile(PluginFile&& other) noexcept {
  *this = std::move(other);
}

PluginFile& PluginFile::operator=(PluginFile&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(table_, other.table_);
  std::swap(path_, other.path_);
  std::swap(pieces_, other.pieces_);
  return *this;
}

PluginFile::~PluginFile() {
  if (handle_ != nullptr)
    dlclose(handle_);
}

Status PluginFile::check_table(const std::string& name) const {
  if (table_->magic != GETPUT_MODULE_MAGIC)
    return not_a_module(path_, "its getput_module has a wrong magic number; rebuild the plug-in");
  if (table_->abi_version != GETPUT_ABI_VERSION || table_->struct_size != sizeof(getput_module)) {
    return failure(ENOEXEC, path_.string() + " speaks plug-in ABI " +
                                std::to_string(table_->abi_version) + " (" +
                                std::to_string(table_->struct_size) + " bytes), this program " +
                                std::to_string(GETPUT_ABI_VERSION) + " (" +
                                std::to_string(sizeof(getput_module)) +
                                " bytes): rebuild the plug-in against this plugin_abi.h");
  }
  if (table_->name == nullptr || name != table_->name) {
    return not_a_module(path_, "it names itself '" +
                                   std::string(table_->name == nullptr ? "" : table_->name) +
                                   "'; the file must be called after the module");
  }
  return {};
}

Status PluginFile::open(const fs::path& path, const std::string& name) {
  if (Status status = check_file(path); !status.ok())
    return status;
  if (void* other = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD); other != nullptr) {
    dlclose(other);
    return failure(EBUSY, path.string() +
                              " is mapped in this process already: remove it from the other loader "
                              "first, or look why its last unload left it mapped");
  }
  handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) {
    const char* why = dlerror();
    return not_a_module(
        path, std::string(why == nullptr ? "dlopen failed" : why) + "; rebuild the plug-in");
  }
  path_ = path;
  table_ = static_cast<const getput_module*>(dlsym(handle_, "getput_module"));
  Status status = table_ == nullptr
                      ? not_a_module(path, "it exports no getput_module; see modules/plugin_abi.h")
                      : check_table(name);
  if (status.ok()) {
    pieces_ = mapped_pieces_of(table_);
  } else {
    dlclose(std::exchange(handle_, nullptr));
    table_ = nullptr;
  }
  return status;
}

Status PluginFile::close(std::int64_t* closed_ns) {
  if (handle_ == nullptr) {
    return {};
  }
  const int result = dlclose(std::exchange(handle_, nullptr));
  if (closed_ns != nullptr)
    *closed_ns = monotonic_ns();
  table_ = nullptr;
  bool readable = true;
  const std::vector<MappedPiece> left = still_mapped(pieces_, readable);
  if (!readable || pieces_.empty()) {
    return failure(ENOTRECOVERABLE, path_.string() +
                                        ": cannot prove that the text is unmapped, /proc/self/maps "
                                        "is not readable: mount /proc; the measurement is void");
  }
  if (result != 0 || !left.empty()) {
    return failure(ENOTRECOVERABLE,
                   path_.string() + " is still mapped after dlclose at" + describe(left) +
                       ": the measurement is void; look for a second dlopen of the file, a "
                       "GNU_UNIQUE symbol (build with -fno-gnu-unique), a thread_local with a "
                       "destructor, or -z nodelete");
  }
  return {};
}

void PluginFile::abandon() noexcept {
  handle_ = nullptr;
  table_ = nullptr;
}

}  // namespace getput::modules
