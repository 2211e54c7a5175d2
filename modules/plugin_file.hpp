// SPDX-License-Identifier: MIT
// One plug-in file: opened, checked, closed, and proven gone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "modules/plugin_abi.h"
#include "modules/status.hpp"
#include "modules/text_map.hpp"

namespace getput::modules {

/// A dlopen()ed plug-in. Movable; the destructor closes without proof, close() closes with it.
class PluginFile {
 public:
  PluginFile() = default;
  PluginFile(PluginFile&& other) noexcept;
  PluginFile& operator=(PluginFile&& other) noexcept;
  ~PluginFile();

  /// Opens `path`, whose entry table must name itself `name`. ENOENT: no such file; ENOEXEC: not a
  /// getput module of this ABI version; EBUSY: the file is mapped in this process already, so that
  /// an unload could not unmap it; EIO: cannot be read.
  Status open(const std::filesystem::path& path, const std::string& name);

  /// dlclose(), then the proof that nothing of the file is mapped any more. ENOTRECOVERABLE: it is
  /// still there (or /proc/self/maps cannot be read): whatever was measured is void. `closed_ns`,
  /// unless null, receives the CLOCK_MONOTONIC instant when dlclose() returned, before the proof.
  Status close(std::int64_t* closed_ns = nullptr);

  /// Forgets the file and leaves it mapped: somebody may still be inside.
  void abandon() noexcept;

  /// The entry table; null when not open. Valid until close().
  [[nodiscard]] const getput_module* table() const noexcept { return table_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// What the file occupies, as found when it was opened.
  [[nodiscard]] const std::vector<MappedPiece>& pieces() const noexcept { return pieces_; }

 private:
  Status check_table(const std::string& name) const;

  void* handle_ = nullptr;
  const getput_module* table_ = nullptr;
  std::filesystem::path path_;
  std::vector<MappedPiece> pieces_;
};

/// Nanoseconds of CLOCK_MONOTONIC.
std::int64_t monotonic_ns() noexcept;

}  // namespace getput::modules
