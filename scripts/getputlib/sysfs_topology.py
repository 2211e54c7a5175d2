# SPDX-License-Identifier: MIT
"""The CPUs of this machine as a small tree read from sysfs: package, NUMA node, last-level cache, core, CPU.

Placement is decided in C++ by hwloc; this tree is for people to look at (report, doctor).
"""
from pathlib import Path

CPU = Path("/sys/devices/system/cpu")
NODE = Path("/sys/devices/system/node")


def _read(path):
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return None


def parse_cpu_list(text):
    """`0-2,5` as [0, 1, 2, 5]."""
    cpus = []
    for part in (text or "").split(","):
        first, _, last = part.strip().partition("-")
        if first.isdigit():
            cpus.extend(range(int(first), int(last or first) + 1))
    return cpus


def _size_kib(text):
    units = {"K": 1, "M": 1024, "G": 1024 * 1024}
    if not text:
        return None
    return int(text[:-1]) * units[text[-1]] if text[-1] in units else int(text) // 1024


def _caches(cpu):
    """[(level, type, size in KiB, sharing CPUs)] of one CPU."""
    found = []
    for index in sorted((CPU / f"cpu{cpu}/cache").glob("index[0-9]*")):
        level = _read(index / "level")
        if level is None:
            continue
        kind, size = _read(index / "type"), _size_kib(_read(index / "size"))
        found.append((int(level), kind, size, tuple(parse_cpu_list(_read(index / "shared_cpu_list")))))
    return found


def _node_of():
    owner = {}
    for node in sorted(NODE.glob("node[0-9]*")):
        for cpu in parse_cpu_list(_read(node / "cpulist")):
            owner[cpu] = int(node.name[4:])
    return owner


def _describe(cpu, node_of):
    topology = CPU / f"cpu{cpu}/topology"
    caches = [entry for entry in _caches(cpu) if entry[1] != "Instruction"]
    last = max(caches, default=None, key=lambda entry: entry[0])
    return {
        "cpu": cpu,
        "package": int(_read(topology / "physical_package_id") or 0),
        "core": min(parse_cpu_list(_read(topology / "thread_siblings_list")) or [cpu]),
        "node": node_of.get(cpu, 0),
        "llc": min(last[3]) if last and last[3] else None,
        "llc_level": last[0] if last else None,
        "llc_kib": last[2] if last else None,
        "caches": [{"level": e[0], "kib": e[2], "cpus": len(e[3])} for e in caches],
    }


def _distances():
    rows = [(int(node.name[4:]), _read(node / "distance")) for node in NODE.glob("node[0-9]*")]
    return [[int(word) for word in text.split()] for _, text in sorted(rows) if text]


def read_topology(allowed):
    """A list of CPUs with their places, and the counts that sentences need."""
    online = parse_cpu_list(_read(CPU / "online")) or list(allowed)
    node_of = _node_of()
    cpus = [_describe(cpu, node_of) for cpu in online]
    for entry in cpus:
        entry["allowed"] = entry["cpu"] in set(allowed)
    inside = [entry for entry in cpus if entry["allowed"]] or cpus
    return {
        "cpus": cpus,
        "packages": len({entry["package"] for entry in inside}),
        "nodes": len({entry["node"] for entry in inside}),
        "last_level_caches": len({entry["llc"] for entry in inside}),
        "cores": len({entry["core"] for entry in inside}),
        "threads_allowed": sum(entry["allowed"] for entry in cpus),
        "node_distances": _distances(),
    }
