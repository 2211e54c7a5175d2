#!/usr/bin/python3 -I
# SPDX-License-Identifier: MIT
"""A stand-in for getput-bench that speaks its contract (docs/architecture.md); for these tests only.

What it measures is made up. The file named by GETPUT_FAKE says how it behaves:
  slow_ms   sleep before each line           reject   share of attempts that are rejected
  crash     {cell substring: how}            how: a signal name, "hang", or an exit status
  wrong     [scheme]                         the oracle speaks against it
  tear      n                                the n-th line is half written, then SIGKILL
  full_at   n                                the n-th line fails: exit 3
  scale     {scheme: factor}                 makes a scheme slower
  imbalance, all_dropped  true               the netpath equation does not hold; no packet is delivered or forwarded
  planted   {scheme: ns}                     what a scheme adds to a packet besides its pairs
  unsafe    true                             one scheme more, in_module, that protects nothing
  uncaught  [scheme]                         unsafe schemes that a hunt does not catch
  no_hunt   true                             the binary does not know --getput_hunt
  commit    text                             the commit that it was built from (default: none told)
  schema    1                                writes getput.trial/1
  schemes   [name]                           those only
  extra     n                                so many schemes more
  contract  {scheme: {entry: value}}         other promises than below
  paths     [[era, shape]]                   of netpath (default: linux_6, staged alone)
  series, old_path  true                     the workload dst_series, too; netpath without eras and levels
"""
import json
import os
import random
import signal
import statistics
import sys
import time
import zlib
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import fake_series
from fake_contracts import CONTRACT, ORDINARY

BEHAVIOUR = json.load(open(os.environ["GETPUT_FAKE"])) if os.environ.get("GETPUT_FAKE") else {}
# name: (ns a pair alone, factor with two threads, folder, control, safe)
SCHEMES = {
    "none": (0.3, 1.0, "control", True, False), "plain": (0.75, 1.0, "control", True, False),
    "atomic_base": (9.6, 8.0, "counter", False, True), "unload_lock": (21.0, 9.0, "lock", False, True),
    "brlock": (9.9, 1.03, "lock", False, True), "percpu_split": (2.8, 1.02, "distributed", False, True),
    "percpu_ref": (4.1, 1.02, "distributed", False, True), "thread_split": (1.6, 1.01, "distributed", False, True),
    "rcu_memb": (2.5, 1.01, "grace", False, True), "needs_rseq": (2.0, 1.0, "distributed", False, True),
}
SCHEMES.update({"in_module": (9.0, 8.0, "lock", False, False)} if BEHAVIOUR.get("unsafe") else {})
SCHEMES.update({f"made_up_{n:02}": (1.3 ** n, 1.0 + n / 10.0, "counter", False, True) for n in range(BEHAVIOUR.get("extra", 0))})
LEVELS = {"L0": 0.0, "L5": 4.0, "L6": 1.0, "L7": 5.0}  # references a packet takes
LEVEL_NAMES = {"L0": "never", "L5": "per use of an object", "L6": "per sk_buff", "L7": "per use and sk_buff"}
PATHS = BEHAVIOUR.get("paths", [["linux_6", "staged"]])
BASE_NS = 180.0  # a packet without any
TICKET_NS = 3.0  # what storing a ticket costs by itself, at the levels that take one
SLICE_PAIRS, COPIES = 24, 4


def schemes():
    chosen = BEHAVIOUR.get("schemes", list(SCHEMES))
    for name in chosen:
        _, _, folder, control, safe = SCHEMES[name]
        available = name != "needs_rseq"
        yield {
            **ORDINARY, **CONTRACT.get(name, {}),
            "name": name, "summary": f"made-up {name}", "origin": "nowhere", "folder": folder, "control": control,
            "safe": safe, "available": available, "why": None if available else "kernel or libc without rseq",
            "removal": not control, **BEHAVIOUR.get("contract", {}).get(name, {}),
        }


def cell(workload, scheme, params, policy, threads, tier, why, est):
    name = "/".join([workload, scheme["name"], *(f"{k}:{v}" for k, v in params.items()), f"place:{policy}"])
    if not scheme["available"]:
        why = scheme["why"]
    return {
        "name": name, "workload": workload, "scheme": scheme["name"], "params": params,
        "placement": {"policy": policy, "pus": list(range(threads))}, "tier": tier, "possible": why is None, "why": why,
        "est_trial_ms": est,
    }


def cells(thread_counts, places):
    for scheme in schemes():
        for policy in places:
            for threads in thread_counts:
                for put in ("same", "other"):
                    if put == "other" and threads < 2:
                        continue
                    why = None if put == "same" or scheme["put_on_other_thread"] else "not possible: same thread must put"
                    params = {"threads": threads, "object": "shared", "objects": 1, "hold_ns": 0, "put": put, "state": "live"}
                    yield cell("pairs", scheme, params, policy, threads, 0 if put == "same" else 1, why, 9.0)
                why = None if scheme["removal"] else "not possible: a floor to compare with, it has no removal side"
                params = {"threads": threads, "callers": threads - 1, "hold_ns": 0}
                yield cell("removal", scheme, params, policy, threads, 0, why, 7.0)
                yield from packets(scheme, threads, policy)
                if BEHAVIOUR.get("series") and scheme["name"] == "none":
                    yield from (cell("dst_series", scheme, params, policy, threads, 2, None, 10.0) for params in fake_series.cells(threads))


def packets(scheme, threads, policy):
    for level in LEVELS:
        if level == "L0" and scheme["name"] != "none":
            continue
        for era, shape in PATHS:
            params = {"era": era, "shape": shape, "level": level, "threads": threads, "steering": "rss", "free": "local", "work": "bare",
                      "input": "imix", "raw": 0}
            if BEHAVIOUR.get("old_path"):
                params = {"threads": threads, "level": level}
            tier = 2 if level == "L5" else 0 if threads == 1 else 1
            yield cell("netpath", scheme, params, policy, threads, tier, None, 40.0 if level == "L0" else 10.0)


def levels():
    listed = [{"id": level, "name": name, "summary": f"a reference {name}", "timed": True, "pairs": f"{LEVELS[level]:g}"}
              for level, name in LEVEL_NAMES.items()]
    return {} if BEHAVIOUR.get("old_path") else {"levels": listed}


def listing(threads, places):
    return {
        "schema": "getput.list/1", "schemes": list(schemes()),
        "workloads": [
            {"name": "pairs", "summary": "a get and its put", "params": [{"key": "threads", "values": threads}]},
            {"name": "removal", "summary": "taking it away", "params": [{"key": "threads", "values": threads}]},
            {"name": "netpath", "summary": "packets", "params": [{"key": "level", "values": list(LEVELS)}], **levels()},
            *(fake_series.LISTED if BEHAVIOUR.get("series") else []),
        ],
        "cells": list(cells(threads, places)), "batch_cells": 48,
    }


def removal_metrics(scheme, chance):
    slow = scheme in ("percpu_split", "percpu_ref", "thread_split", "rcu_memb", "brlock")
    return {
        "stop_ns_p50": (2500.0 if slow else 40.0) * chance, "stop_ns_p99": 9000.0 * chance,
        "drained_ns_p50": (3100.0 if slow else 60.0) * chance, "drained_ns_p99": 15000.0 * chance,
        "drained_ns_max": 1.5e6, "drained_over_1ms": 2, "removals": 150, "membarrier_ns_p50": 1550.0 * chance,
        "failed_attempt_ns_p50": None if scheme == "rcu_memb" else (2600.0 if slow else 35.0) * chance,
        "failed_attempt_ns_p99": None if scheme == "rcu_memb" else 9900.0 * chance,
    }


def netpath_metrics(level):
    counts = {"received": 4096, "delivered": 1000, "forwarded": 2996, "dropped": {"not_ip": 60, "no_handler": 40}}
    counts.update({"delivered": 0, "forwarded": 0, "dropped": {"not_ip": 4096}} if BEHAVIOUR.get("all_dropped") else {})
    if BEHAVIOUR.get("imbalance"):
        counts["forwarded"] -= 1
    return {**counts, "pass": dict(counts), "input": {"name": "made-up", "frames": 4096, "wire_bytes": 4096 * 350},
            "pairs_per_packet": LEVELS[level]}


def trimmed(values):
    return statistics.fmean(sorted(values)[len(values) // 10:len(values) - len(values) // 10])


def sliced(found, pair, chance, noise):
    """(ns per packet, difference, slices, metrics) of a netpath trial: subject and level 0 in alternating slices."""
    level = found["params"].get("level", "L0")
    planted = BEHAVIOUR.get("planted", {}).get(found["scheme"], 0.0)
    added = (TICKET_NS if level != "L0" else 0.0) + 1.15 * pair * LEVELS[level] + planted + chance.gauss(0.0, 0.3)
    baseline = [BASE_NS * noise + chance.gauss(0.0, 4.0) for _ in range(SLICE_PAIRS)]
    subject = [value + added + chance.gauss(0.0, 1.5) for value in baseline]
    differences = [a - b for a, b in zip(subject, baseline)]
    copies = {arm: [round(chance.gauss(0.0, 0.2), 3) for _ in range(COPIES)] for arm in ("subject", "baseline")}
    difference = {
        "baseline": "L0", "baseline_ns": trimmed(baseline), "ns": trimmed(differences),
        "median_ns": sorted(differences)[SLICE_PAIRS // 2], "mean_ns": sum(differences) / SLICE_PAIRS, "se_ns": 1.5 / SLICE_PAIRS ** 0.5,
        "pairs": SLICE_PAIRS, "pairs_void": 1, "slice_us": 100.0, "batches_per_slice": 17.0, "copies": copies,
        "copy_sd_ns": 0.2, "planted_ns": 0.0,
    }
    used = {f"{arm}_copy": [chance.randrange(COPIES) for _ in range(SLICE_PAIRS)] for arm in ("subject", "baseline")}
    metrics = {**netpath_metrics(level), "l0_ns": difference["baseline_ns"]}
    return trimmed(subject), difference, {"subject": subject, "baseline": baseline, **used}, metrics


def covariates():
    return {"run_wait_ns": 0, "voluntary_switches": 0, "involuntary_switches": 0, "minor_faults": 3, "major_faults": 0,
            "steal_ms": 0.0, "interrupts": 12, "softirqs": 2, "clock_gaps": 0, "clock_gap_max_ns": None, "load1": 0.5,
            "settle_ms": 0.0}


def trial_line(known, entry, attempt, seed):
    found = known[entry["cell"]]
    chance = random.Random(zlib.crc32(f"{entry['cell']} {entry['trial']} {attempt} {seed}".encode()))
    noise = chance.lognormvariate(0.0, 0.02)
    alone, contended = SCHEMES[found["scheme"]][:2]
    threads = found["params"]["threads"]
    pair = alone * (contended if threads > 1 else 1.0) * BEHAVIOUR.get("scale", {}).get(found["scheme"], 1.0)
    rejected = chance.random() < BEHAVIOUR.get("reject", 0.0)
    metrics = {"min_over_max": 0.98, "overlap": 1.0, "jain": 1.0}
    ns, difference, slices, bursts, ops = pair * noise, None, None, [], 1_000_000
    if found["workload"] == "removal":
        metrics.update(removal_metrics(found["scheme"], noise))
        ns, ops = 3000.0 * noise * BEHAVIOUR.get("scale", {}).get(found["scheme"], 1.0), 1000
    elif found["workload"] in ("netpath", "dst_series"):
        ns, difference, slices, more = sliced(found, pair, chance, noise)
        metrics.update(more if found["workload"] == "netpath" else {})
    wall_ns = max(1, round(ops * ns / threads))
    if found["workload"] == "pairs":
        ns = wall_ns * threads / ops
        bursts = [{"arm": "subject", "ns_per_op": ns, "wall_ns": wall_ns}]
    wrong = found["scheme"] in BEHAVIOUR.get("wrong", [])
    line = {
        "schema": "getput.trial/2", "cell": found["name"], "workload": found["workload"], "scheme": found["scheme"],
        "params": found["params"], "placement": found["placement"], "trial": entry["trial"], "attempt": attempt,
        "seed": seed, "pid": os.getpid(), "start_unix_ns": time.time_ns(), "valid": not rejected,
        "reject_reasons": ["involuntary_switch"] if rejected else [],
        "unit": {"pairs": "ns/pair", "removal": "ns/removal", "netpath": "ns/packet", "dst_series": "ns/frame"}[found["workload"]],
        "ns_per_op": ns, "ops": ops, "wall_ns": wall_ns, "thread_ops": [ops // threads] * threads,
        "controls": {"plain_ns": 0.75 * noise, "fetch_add_ns": (4.9 if threads == 1 else 38.0) * noise, "chain_ns": 4.4,
                     "lock_xadd_ns": 4.6 * noise, "line_transfer_ns": None if threads == 1 else 60.0 * noise},
        "bursts": bursts, "difference": difference, "slices": slices, "covariates": covariates(),
        "metrics": metrics, "oracle": {"ok": not wrong, "detail": "references do not balance" if wrong else None},
    }
    return as_schema_1(line) if BEHAVIOUR.get("schema") == 1 else line


def as_schema_1(line):
    """The line as an older binary would have written it."""
    for name in ("bursts", "difference", "slices", "covariates"):
        del line[name]
    for name in ("lock_xadd_ns", "line_transfer_ns"):
        del line["controls"][name]
    line["schema"] = "getput.trial/1"
    return line


def hunt(scheme, seconds):
    if BEHAVIOUR.get("no_hunt"):
        print('getput-bench: unknown flag "--getput_hunt"', file=sys.stderr)
        return 2
    if scheme not in SCHEMES or SCHEMES[scheme][4]:
        print(f"getput-bench: {scheme} is not an unsafe scheme", file=sys.stderr)
        return 2
    caught = scheme not in BEHAVIOUR.get("uncaught", [])
    print(json.dumps({"schema": "getput.hunt/1", "scheme": scheme, "caught": caught,
                      "how": "SIGSEGV in code that is gone" if caught else None, "rounds": 123, "seconds": 0.1 if caught else seconds}))
    return 0


def misbehave(cell_name):
    for part, how in BEHAVIOUR.get("crash", {}).items():
        if part in cell_name:
            if how == "hang":
                time.sleep(3600)
            if isinstance(how, int):
                print("made-up failure", file=sys.stderr, flush=True)
                os._exit(how)
            os.kill(os.getpid(), getattr(signal, how))
            time.sleep(5)


def run(plan, out, thread_counts, places):
    known = {found["name"]: found for found in cells(thread_counts, places)}
    written, wrong = 0, False
    for number, entry in enumerate(plan["trials"], 1):
        if entry["cell"] not in known:
            print(f"getput-bench: unknown cell '{entry['cell']}'", file=sys.stderr)
            return 2
        misbehave(entry["cell"])
        for attempt in range(plan["max_attempts"]):
            time.sleep(BEHAVIOUR.get("slow_ms", 0) / 1000.0)
            line = trial_line(known, entry, attempt, plan["seed"])
            text = (json.dumps(line) + "\n").encode()
            written += 1
            if BEHAVIOUR.get("full_at") == written:
                print(f"getput-bench: cannot write {out}: No space left on device", file=sys.stderr)
                return 3
            torn = BEHAVIOUR.get("tear") == written
            with open(out, "ab", buffering=0) as stream:
                stream.write(text[:len(text) // 2] if torn else text)
            if torn:
                os.kill(os.getpid(), signal.SIGKILL)
            print(f"getput: trial {number}/{len(plan['trials'])} {entry['cell']}", file=sys.stderr, flush=True)
            wrong = wrong or not line["oracle"]["ok"]
            if line["valid"]:
                break
    return 1 if wrong else 0


def main():
    flags = dict(word.removeprefix("--").partition("=")[::2] for word in sys.argv[1:])
    threads = [int(word) for word in flags.get("getput_threads", "1,2").split(",")]
    places = flags.get("getput_place", "compact").split(",")
    for place in places:
        if place not in ("compact", "scatter"):
            print(f"getput-bench: unknown placement '{place}'; known: compact, scatter", file=sys.stderr)
            return 2
    if "getput_list" in flags:
        print(json.dumps(listing(threads, places)))
    elif "getput_env" in flags:
        build = {"commit": BEHAVIOUR["commit"], "dirty": False} if "commit" in BEHAVIOUR else {}
        print(json.dumps({"schema": "getput.env/1", "compiler": "none: a test's stand-in", "build_type": "Release", "build": build}))
    elif "getput_hunt" in flags:
        return hunt(flags["getput_hunt"], float(flags["getput_hunt_s"]))
    else:
        return run(json.load(open(flags["getput_plan"])), flags["getput_out"], threads, places)
    return 0


if __name__ == "__main__":
    sys.exit(main())
