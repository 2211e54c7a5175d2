// SPDX-License-Identifier: MIT
#include "tests/model/trace.hpp"

#include <map>
#include <regex>
#include <sstream>

namespace getput::model {
namespace {

// "[35] 1: <0x55de> atomic store, value=1, in void f() [with M = X], path/to/file.hpp(70)"
const std::regex kStep(R"(^\[\d+\] (\d+): (.*), in .*?([^/ ]+)\((\d+)\)$)");
const std::regex kAddress("<(0x[0-9a-f]+)>");

class Names {
 public:
  std::string in(std::string text) {
    std::smatch found;
    if (!std::regex_search(text, found, kAddress))
      return text;
    const auto [name, is_new] = names_.try_emplace(found[1], names_.size());
    return found.prefix().str() + "v" + std::to_string(name->second) + found.suffix().str();
  }

 private:
  std::map<std::string, std::size_t> names_;
};

}  // namespace

std::string readable(const std::string& report) {
  std::istringstream lines(report);
  std::string out;
  std::string line;
  std::getline(lines, line);
  out += line + "\n";
  bool started = false;
  Names names;
  while (std::getline(lines, line)) {
    std::smatch step;
    if (line.rfind("thread ", 0) == 0 && started)
      break;  // the same steps again, thread by thread
    if (!std::regex_match(line, step, kStep))
      continue;
    const std::string what = step[2];
    if (what == "[CTOR END]")
      started = true;
    else if (started && what.front() != '[')
      out += "  thread " + step[1].str() + "  " + names.in(what) + "  (" + step[3].str() + ":" +
             step[4].str() + ")\n";
  }
  return out;
}

}  // namespace getput::model
