// SPDX-License-Identifier: MIT
#include "bench/trial/fairness.hpp"

#include <algorithm>

namespace getput::bench {

double min_over_max(const std::vector<std::uint64_t>& ops) {
  if (ops.empty()) {
    return 0.0;
  }
  const auto [least, most] = std::minmax_element(ops.begin(), ops.end());
  return *most == 0 ? 0.0 : static_cast<double>(*least) / static_cast<double>(*most);
}

double jain_index(const std::vector<std::uint64_t>& ops) {
  double sum = 0.0;
  double squares = 0.0;
  for (const std::uint64_t value : ops) {
    const double x = static_cast<double>(value);
    sum += x;
    squares += x * x;
  }
  return squares == 0.0 ? 0.0 : sum * sum / (static_cast<double>(ops.size()) * squares);
}

}  // namespace getput::bench
