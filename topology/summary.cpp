// SPDX-License-Identifier: MIT
// The topology as one JSON object, schema "getput.topology/1": what a reader of results needs to
// judge a placement without hwloc. The XML beside it (Topology::to_xml) has everything else.
#include <hwloc.h>
#include <hwloc/cpukinds.h>

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "topology/bitmap.hpp"
#include "topology/topology.hpp"

namespace getput::topology {
namespace {

using Json = nlohmann::ordered_json;

Json counts_json(const Counts& counts, const std::string& cpuset) {
  return {{"packages", counts.packages}, {"nodes", counts.nodes}, {"l3s", counts.l3s},
          {"cores", counts.cores},       {"pus", counts.pus},     {"cpuset", cpuset}};
}

Json cpu_model(hwloc_topology_t topology) {
  const hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
  const char* model =
      package == nullptr ? nullptr : hwloc_obj_get_info_by_name(package, "CPUModel");
  return model == nullptr ? Json(nullptr) : Json(model);
}

/// One entry for each level, type, size and sharing that occurs; hybrid machines have several.
Json caches_json(hwloc_topology_t topology) {
  struct Entry {
    unsigned line_bytes = 0;
    unsigned count = 0;
  };
  // Key: level, type letter, bytes, PUs that share it.
  std::map<std::tuple<unsigned, char, std::uint64_t, int>, Entry> caches;
  for (int depth = 0; depth < hwloc_topology_get_depth(topology); ++depth) {
    if (hwloc_obj_type_is_cache(hwloc_get_depth_type(topology, depth)) == 0) {
      continue;
    }
    for (hwloc_obj_t cache = hwloc_get_next_obj_by_depth(topology, depth, nullptr);
         cache != nullptr; cache = hwloc_get_next_obj_by_depth(topology, depth, cache)) {
      const auto& attr = cache->attr->cache;
      const char type = attr.type == HWLOC_OBJ_CACHE_DATA          ? 'd'
                        : attr.type == HWLOC_OBJ_CACHE_INSTRUCTION ? 'i'
                                                                   : 'u';
      Entry& entry = caches[{attr.depth, type, attr.size, hwloc_bitmap_weight(cache->cpuset)}];
      entry.line_bytes = attr.linesize;
      ++entry.count;
    }
  }
  const std::map<char, const char*> names{{'d', "data"}, {'i', "instruction"}, {'u', "unified"}};
  Json result = Json::array();
  for (const auto& [key, entry] : caches) {
    const auto& [level, type, bytes, shared_by] = key;
    result.push_back({{"level", level},
                      {"type", names.at(type)},
                      {"bytes", bytes},
                      {"line_bytes", entry.line_bytes},
                      {"shared_by_pus", shared_by},
                      {"count", entry.count}});
  }
  return result;
}

Json kinds_json(hwloc_topology_t topology) {
  Json result = Json::array();
  const int kinds = hwloc_cpukinds_get_nr(topology, 0);
  for (int kind = 0; kind < kinds; ++kind) {
    const detail::Bitmap cpuset;
    int efficiency = -1;
    unsigned nr_infos = 0;
    hwloc_info_s* infos = nullptr;
    if (hwloc_cpukinds_get_info(topology, static_cast<unsigned>(kind), cpuset.get(), &efficiency,
                                &nr_infos, &infos, 0) != 0) {
      continue;
    }
    Json info = Json::object();
    for (unsigned i = 0; i < nr_infos; ++i) {
      info[infos[i].name] = infos[i].value;
    }
    result.push_back({{"efficiency", efficiency < 0 ? Json(nullptr) : Json(efficiency)},
                      {"cpuset", detail::list_of(cpuset.get())},
                      {"infos", info}});
  }
  return result;
}

Json memory_json(const Topology& topology) {
  Json result = Json::array();
  for (const MemoryNode& node : topology.memory_nodes()) {
    const hwloc_obj_t object = hwloc_get_numanode_obj_by_os_index(topology.native(), node.os);
    result.push_back({{"os", node.os},
                      {"bytes", node.bytes == 0 ? Json(nullptr) : Json(node.bytes)},
                      {"cpuset", detail::list_of(object->cpuset)}});
  }
  return result;
}

Json distances_json(const std::optional<NodeDistances>& distances) {
  if (!distances) {
    return nullptr;
  }
  Json rows = Json::array();
  const std::size_t n = distances->nodes.size();
  for (std::size_t row = 0; row < n; ++row) {
    Json values = Json::array();
    for (std::size_t column = 0; column < n; ++column) {
      values.push_back(distances->values[row * n + column]);
    }
    rows.push_back(std::move(values));
  }
  return {{"nodes", distances->nodes}, {"rows", rows}};
}

Json pus_json(std::span<const Pu> pus) {
  Json result = Json::array();
  for (const Pu& pu : pus) {
    result.push_back({{"os", pu.os},
                      {"core", pu.core},
                      {"l3", pu.l3 ? Json(*pu.l3) : Json(nullptr)},
                      {"node", pu.node_os},
                      {"package", pu.package},
                      {"smt_rank", pu.smt_rank},
                      {"efficiency", pu.efficiency < 0 ? Json(nullptr) : Json(pu.efficiency)}});
  }
  return result;
}

}  // namespace

nlohmann::ordered_json Topology::to_json() const {
  Json json;
  json["schema"] = "getput.topology/1";
  json["origin"] = to_string(origin_);
  json["spec"] = spec_.empty() ? Json(nullptr) : Json(spec_);
  json["cpu_model"] = cpu_model(native());
  json["machine"] = counts_json(machine_, machine_cpuset());
  json["allowed"] = counts_json(allowed_, allowed_cpuset());
  json["smt_width"] = smt_width_;
  json["caches"] = caches_json(native());
  json["memory_nodes"] = memory_json(*this);
  json["node_distances"] = distances_json(distances_);
  json["cpu_kinds"] = kinds_json(native());
  json["pus"] = pus_json(pus_);
  return json;
}

}  // namespace getput::topology
