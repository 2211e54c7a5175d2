// SPDX-License-Identifier: MIT
#include "tests/model/globals.hpp"

namespace getput::model::globals {
namespace {

// Never destroyed: cells of static storage remove themselves when the process ends.
std::vector<GlobalCell*>& all() {
  static auto* const cells = new std::vector<GlobalCell*>;
  return *cells;
}

}  // namespace

void add(GlobalCell* cell) {
  all().push_back(cell);
}

void remove(GlobalCell* cell) {
  std::erase(all(), cell);
}

const std::vector<GlobalCell*>& cells() {
  return all();
}

}  // namespace getput::model::globals
