// SPDX-License-Identifier: MIT
// Where plug-ins are looked for.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "modules/status.hpp"

namespace getput::modules {

/// The folders searched for `<name>.so`, in order: `preferred` alone when it is not empty; else
/// the environment variable GETPUT_PLUGIN_DIR alone when it is set; else `plugins` beside the
/// executable and in the two folders above it.
std::vector<std::filesystem::path> plugin_folders(const std::filesystem::path& preferred);

/// Names of the plug-ins in `folders`, sorted, each once. A folder that does not exist holds none.
std::vector<std::string> known_plugins(const std::vector<std::filesystem::path>& folders);

/// Path of `<name>.so` in the first of `folders` that has it. EINVAL: not a module name; ENOENT:
/// no such file, and the message says where it was sought and which names are there.
Status find_plugin(std::string_view name, const std::vector<std::filesystem::path>& folders,
                   std::filesystem::path& path);

}  // namespace getput::modules
