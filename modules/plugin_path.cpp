// SPDX-License-Identifier: MIT
#include "modules/plugin_path.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "modules/plugin_abi.h"

namespace getput::modules {
namespace {

namespace fs = std::filesystem;

bool is_module_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= GETPUT_MODULE_NAME_MAX &&
         std::all_of(name.begin(), name.end(), allowed);
}

// The name as a message may show it: short, and without control characters.
std::string printable(std::string_view name) {
  std::string text(name.substr(0, GETPUT_MODULE_NAME_MAX + 1));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

template <class Range, class Text>
std::string join(const Range& items, Text text) {
  std::string all;
  for (const auto& item : items) all += (all.empty() ? "" : ", ") + text(item);
  return all.empty() ? "none" : all;
}

}  // namespace

std::vector<fs::path> plugin_folders(const fs::path& preferred) {
  if (!preferred.empty()) {
    return {preferred};
  }
  if (const char* set = std::getenv("GETPUT_PLUGIN_DIR"); set != nullptr && *set != '\0') {
    return {fs::path(set)};
  }
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) {
    return {};
  }
  return {here / "plugins", here.parent_path() / "plugins",
          here.parent_path().parent_path() / "plugins"};
}

std::vector<std::string> known_plugins(const std::vector<fs::path>& folders) {
  std::set<std::string> names;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().extension() == ".so")
        names.insert(entry->path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

Status find_plugin(std::string_view name, const std::vector<fs::path>& folders, fs::path& path) {
  if (!is_module_name(name)) {
    return failure(EINVAL, "'" + printable(name) +
                               "' is not a module name: use 1 to 55 letters, digits, _ or -");
  }
  const std::string file = std::string(name) + ".so";
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (fs::exists(folder / file, error)) {
      path = folder / file;
      return {};
    }
  }
  const auto as_string = [](const fs::path& p) { return p.string(); };
  const auto same = [](const std::string& s) { return s; };
  return failure(ENOENT, "no plug-in " + file + " in " + join(folders, as_string) +
                             " (found: " + join(known_plugins(folders), same) +
                             "); build it, or set GETPUT_PLUGIN_DIR to the folder that holds it");
}

}  // namespace getput::modules
