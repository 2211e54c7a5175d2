# SPDX-License-Identifier: MIT
"""A run directory with chosen numbers, in getput.trial/2: what a test wants the report to show, without a binary."""
import json
import random

import fake_bench

PAIRS_OF = {"L0": None, "L5": 4.0, "L6": 1.0, "L7": 5.0}
ADDED = {"none": 3.0, "plain": 4.0, "atomic_base": 55.0, "unload_lock": 110.0, "brlock": 60.0, "percpu_split": 14.0,
         "percpu_ref": 15.0, "thread_split": 13.0, "rcu_memb": 14.5}  # ns per packet at L7, one worker
CROWDED = {"atomic_base": 10.0, "unload_lock": 15.0}  # factor with two workers
ERA_FACTOR = 2.0  # of what a scheme adds in linux_2_6
LEVELS = [{"id": level, "name": name, "summary": "", "timed": True, "pairs": ""} for level, name in fake_bench.LEVEL_NAMES.items()]
PAIR_NS = {"none": 0.2, "plain": 0.7, "atomic_base": 12.0, "unload_lock": 25.0, "brlock": 12.0, "percpu_split": 2.5,
           "percpu_ref": 2.6, "thread_split": 1.9, "rcu_memb": 2.4}
CHAIN_NS = 9.0
INSIDE_NS = {"none": 0.0, "plain": 0.1, "atomic_base": 6.6, "unload_lock": 6.0}  # what a pair adds to the chain; 0.2 for others
IMIX = {"name": "imix", "frames": 12, "wire_bytes": 7 * 64 + 4 * 570 + 1518}
COVARIATES = {"run_wait_ns": 0, "voluntary_switches": 0, "involuntary_switches": 0, "minor_faults": 0, "major_faults": 0,
              "steal_ms": 0, "interrupts": 40, "softirqs": 3, "clock_gaps": 0, "clock_gap_max_ns": 0, "load1": 0.2,
              "settle_ms": 12.0}


def schemes(chosen, unsafe):
    """Contracts of the stand-in binary, and one scheme that protects nothing on request."""
    known = {entry["name"]: entry for entry in fake_bench.schemes()}
    if unsafe:
        known["in_module"] = {**known["atomic_base"], "name": "in_module", "safe": False, "generation": "2.2", "folder": "lock"}
    return [known[name] for name in (*chosen, *(["in_module"] if unsafe else []))]


def cell(workload, scheme, params, place):
    name = "/".join([workload, scheme, *(f"{key}:{value}" for key, value in params.items()), f"place:{place}"])
    return {"name": name, "workload": workload, "scheme": scheme, "params": params, "tier": 1, "possible": True, "why": None,
            "placement": {"policy": place, "pus": list(range(params["threads"]))}, "est_trial_ms": 9.0}


def packet_params(path, level, threads):
    """Parameters as of today; as of before the eras where the path is None."""
    if path is None:
        return {"level": level, "threads": threads}
    return {"era": path[0], "shape": path[1], "level": level, "threads": threads, "steering": "rss", "free": "local", "work": "bare",
            "input": "imix", "raw": 0}


def cells(chosen, workers, places, paths, inside):
    for place in places:
        for threads in workers:
            for scheme in chosen:
                basic = {"threads": threads, "object": "shared", "objects": 1, "hold_ns": 0, "put": "same", "state": "live"}
                yield cell("pairs", scheme, basic, place)
                if inside and threads == 1:
                    yield cell("pairs", scheme, {**basic, "inside": "chain"}, place)
                for path in paths:
                    for level in ("L5", "L6", "L7"):
                        yield cell("netpath", scheme, packet_params(path, level, threads), place)
            for path in paths:
                yield cell("netpath", "none", packet_params(path, "L0", threads), place)


def _difference(baseline, base_ns, ns):
    return {"baseline": baseline, "baseline_ns": base_ns, "ns": ns, "median_ns": ns, "mean_ns": ns, "se_ns": 0.1, "pairs": 600,
            "pairs_void": 3, "slice_us": 25.0, "batches_per_slice": 8, "copies": {"subject": [-0.3, 0.3], "baseline": [0.1, -0.1]},
            "copy_sd_ns": 0.4, "planted_ns": 0}


def _numbers(of, added, noise):
    """(ns per operation, difference or None) of one trial of a cell."""
    threads, scheme = of["params"]["threads"], of["scheme"]
    factor = CROWDED.get(scheme, 1.0) if threads > 1 else 1.0
    if "inside" in of["params"]:
        cost = INSIDE_NS.get(scheme, 0.2) + noise / 50.0
        return CHAIN_NS + cost, _difference("chain", CHAIN_NS, cost)
    if of["workload"] == "pairs":
        return max(PAIR_NS.get(scheme, 12.0) * factor + noise / 50.0, 0.01), None
    pairs = PAIRS_OF[of["params"]["level"]]
    whole = added.get(scheme, 55.0) * (ERA_FACTOR if of["params"].get("era") == "linux_2_6" else 1.0)
    cost = (whole * factor * pairs / 5.0 if pairs else 0.0) + noise
    return 240.0 + cost, _difference("L0", 240.0, cost)


def line(of, trial, pid, chance, options):
    noise = chance.gauss(0.0, options["spread"])
    ns_per_op, difference = _numbers(of, options["added"], noise)
    threads, ops = of["params"]["threads"], 1000
    path = of["workload"] == "netpath"
    metrics = {"l0_ns": 240.0, "input": options["input"], "pairs_per_packet": PAIRS_OF[of["params"]["level"]]} if path else {}
    metrics |= {"chain_multiplications": 12} if "inside" in of["params"] else {}
    return {
        "schema": "getput.trial/2", "cell": of["name"], "workload": of["workload"], "scheme": of["scheme"], "params": of["params"],
        "placement": of["placement"], "trial": trial, "attempt": 0, "seed": 1, "pid": pid, "start_unix_ns": 1 + trial,
        "valid": True, "reject_reasons": [], "unit": "ns/packet" if path else "ns/pair", "ns_per_op": ns_per_op, "ops": ops * threads,
        "wall_ns": round(ns_per_op * ops), "thread_ops": [ops] * threads,
        "controls": {"plain_ns": 0.7, "fetch_add_ns": 6.0, "chain_ns": 2.9, "lock_xadd_ns": 6.1,
                     "line_transfer_ns": 45.0 if threads > 1 else None},
        "bursts": [], "difference": difference, "slices": None, "metrics": metrics, "oracle": {"ok": True, "detail": None},
        "covariates": {**COVARIATES, **options["covariates"](of, trial)},
    }


def environment(commit="28f51da7ffcb", checkout="28f51da7ffcb" + 28 * "0", hypervisor="kvm", load=0.2):
    snapshot = {"unix_s": 1000.0, "loadavg": [load, 0.1, 0.1], "cpu_ticks": {"total": 1000, "steal": 0}}
    place = {"cpu": 0, "package": 0, "node": 0, "llc": 0, "core": 0, "llc_level": 3, "llc_kib": 32768, "allowed": True, "caches": []}
    return {
        "schema": "getput.env/1", "build": {"commit": commit, "dirty": False, "compiler": "GNU", "compiler_version": "12.2.0", "flags": "-O2"},
        "binary": {"path": "getput-bench", "sha256": 64 * "0"}, "source": {"commit": checkout, "dirty": False},
        "possible_cpus": 2, "load": {"before": snapshot, "after": {**snapshot, "unix_s": 1060.0, "cpu_ticks": {"total": 2000, "steal": 0}}},
        "machine": {
            "hostname": "host", "os": "Debian GNU/Linux 12", "libc": "glibc 2.36",
            "cpu": {"model": "Made-up CPU", "microcode": None, "architecture": "x86_64"}, "allowed_cpus": [0, 1],
            "frequency": {"governors": None, "driver": None, "min_khz": None, "max_khz": None, "turbo": None},
            "cgroup": {"quota_cpus": None}, "memory": {"total_kib": 1, "transparent_hugepages": None, "numa_balancing": None},
            "kernel": {"release": "6.1", "cmdline": "", "preempt": None, "vulnerabilities": {}, "aslr": None, "clocksource": None},
            "virtualisation": {"hypervisor": hypervisor, "container": None}, "environment_variables": {},
            "topology": {"cpus": [place, {**place, "cpu": 1, "core": 1}], "packages": 1, "nodes": 1, "last_level_caches": 1, "cores": 2,
                         "threads_allowed": 2},
        },
    }


def write(folder, *, chosen=tuple(ADDED), workers=(1, 2), places=("compact",), paths=(None,), processes=8, spread=0.4, unsafe=False, hunts=(),
          added=None, remarks=(), state="finished", covariates=lambda of, trial: {}, input_of=None, inside=False, **env):
    """Writes plan.json, env.json, manifest.json and trials.jsonl; returns the folder."""
    chance = random.Random(7)
    found = schemes(chosen, unsafe)
    wanted = list(cells([entry["name"] for entry in found], workers, places, paths, inside))
    options = {"spread": spread, "added": {**ADDED, **(added or {})}, "covariates": covariates, "input": input_of or IMIX}
    trials = [(of, trial) for trial in range(processes) for of in wanted]
    plan = {
        "schema": "getput.plan/1", "seed": 1, "max_attempts": 40, "burst_ms": 3.0,
        "trials": [{"cell": of["name"], "trial": trial} for of, trial in trials],
        "run": {"selection": {"profile": "quick", "scheme": None, "workload": None, "threads": None, "place": None, "trials": None,
                              "pcap": None},
                "flags": [], "trials_per_cell": processes, "rounds": processes, "batches": [len(wanted)] * processes,
                "estimated_s": 1.0, "remarks": [], "schemes": found, "cells": wanted,
                "workloads": [{"name": "netpath", "summary": "packets", "params": [], "levels": LEVELS}] if None not in paths else []},
    }
    manifest = {
        "schema": "getput.manifest/1", "state": state, "crashes": [], "remarks": list(remarks), "arguments": [],
        "sessions": [{"start_unix_s": 1000.0, "end_unix_s": 1060.0, "pid": 1, "load": None}], "hunts": list(hunts),
        "counts": {"kept": len(trials), "rejected_attempts": 0, "wrong_cells": 0, "planned": len(trials)},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in (("plan", plan), ("env", environment(**env)), ("manifest", manifest)):
        (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    (folder / "trials.jsonl").write_text("".join(
        json.dumps(line(of, trial, 100 + trial, chance, options)) + "\n" for of, trial in trials))
    return folder
