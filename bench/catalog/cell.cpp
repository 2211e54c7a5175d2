// SPDX-License-Identifier: MIT
#include "bench/catalog/cell.hpp"

#include "bench/engine/errors.hpp"

namespace getput::bench {

std::string cell_name(const std::string& workload, const std::string& scheme, const Json& params,
                      const std::string& policy) {
  std::string name = workload + "/" + scheme;
  for (const auto& [key, value] : params.items()) {
    name += "/" + key + ":" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return name + "/place:" + policy;
}

Json Cell::replay(const ReplayRequest&) {
  throw RequestError("this workload cannot be replayed; netpath can");
}

}  // namespace getput::bench
