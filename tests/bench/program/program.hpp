// SPDX-License-Identifier: MIT
// Runs a program of the suite and keeps what it said.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace getput::bench::test {

using Json = nlohmann::ordered_json;

/// A folder that goes away with the object.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "getput-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("mkdtemp failed");
    }
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

/// Every line of a JSON Lines file; throws when one is not JSON.
inline std::vector<Json> read_lines(const std::string& path) {
  std::vector<Json> lines;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(Json::parse(line));
  }
  return lines;
}

struct Outcome {
  int exit_code = -1;  ///< 128 + signal when it was killed
  std::string out;
  std::string err;
};

/// `command` is a line for the shell.
inline Outcome run_program(const std::string& command) {
  const TempFolder folder;
  const std::string out = folder.file("out");
  const std::string err = folder.file("err");
  const int status = std::system((command + " >" + out + " 2>" + err).c_str());
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(out);
  outcome.err = read_file(err);
  return outcome;
}

/// A plan of one trial for each cell.
inline std::string plan_of(const std::vector<std::string>& cells, unsigned max_attempts) {
  Json plan = {{"schema", "getput.plan/1"},
               {"seed", 7},
               {"max_attempts", max_attempts},
               {"burst_ms", 2.0},
               {"trials", Json::array()}};
  for (const std::string& cell : cells) {
    plan["trials"].push_back({{"cell", cell}, {"trial", 0}});
  }
  return plan.dump();
}

}  // namespace getput::bench::test
