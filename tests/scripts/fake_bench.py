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
  imbalance true                             the netpath equation does not hold
  schemes   [name]                           those only
  extra     n                                so many schemes more
  contract  {scheme: {entry: value}}         other promises than below
"""
import json
import os
import random
import signal
import sys
import time
import zlib

BEHAVIOUR = json.load(open(os.environ["GETPUT_FAKE"])) if os.environ.get("GETPUT_FAKE") else {}
# name: (ns a pair alone, factor with two threads, folder, control, safe)
SCHEMES = {
    "none": (0.3, 1.0, "control", True, False), "plain": (0.75, 1.0, "control", True, False),
    "atomic_base": (9.6, 8.0, "counter", False, True), "unload_lock": (21.0, 9.0, "lock", False, True),
    "brlock": (9.9, 1.03, "lock", False, True), "percpu_split": (2.8, 1.02, "distributed", False, True),
    "percpu_ref": (4.1, 1.02, "distributed", False, True), "thread_split": (1.6, 1.01, "distributed", False, True),
    "rcu_memb": (2.5, 1.01, "grace", False, True), "needs_rseq": (2.0, 1.0, "distributed", False, True),
}
SCHEMES.update({f"made_up_{n:02}": (1.3 ** n, 1.0 + n / 10.0, "counter", False, True) for n in range(BEHAVIOUR.get("extra", 0))})
ORDINARY = {
    "generation": None, "shared_by_threads": True, "put_on_other_thread": True, "put_on_other_cpu": True,
    "hold_across_sleep": True, "try_stop": True, "spurious_failure": False, "certain_after_stop": True,
    "get_while_going": True, "destroy_when_drained": True, "count": "exact", "zero": "last_put", "overflow": "wraps",
    "get_progress": "lock_free", "put_progress": "wait_free", "stop_progress": "wait_free", "bytes_per_object": 8,
    "bytes_allocated": 0, "bytes_per_cpu": 0, "bytes_per_thread": 0, "shared_bytes": 0, "shared_bytes_per_cpu": 0, "locked_in_get": 1,
    "locked_in_put": 1, "needs_rseq": False, "needs_membarrier": False, "needs_stop_machine": False,
    "needs_registration": False, "session": False,
}
SPLIT = {"spurious_failure": True, "count": "never_too_low", "zero": "remover_sum", "overflow": "sum_wraps",
         "locked_in_get": 0, "locked_in_put": 0, "needs_membarrier": True}
CONTRACT = {
    "atomic_base": {"generation": "3.19 to today"}, "unload_lock": {"generation": "2.4", "get_progress": "blocking"},
    "brlock": {"put_on_other_thread": False, "hold_across_sleep": False, "get_progress": "blocking", "shared_bytes_per_cpu": 64},
    "percpu_split": {**SPLIT, "generation": "2.6.34 to 3.18", "bytes_per_cpu": 16, "needs_rseq": True},
    "percpu_ref": {**SPLIT, "spurious_failure": False, "zero": "after_switch", "bytes_per_object": 32, "bytes_per_cpu": 16},
    "thread_split": {**SPLIT, "bytes_per_thread": 16},
    "rcu_memb": {"put_on_other_thread": False, "hold_across_sleep": False, "count": "not_possible", "zero": "grace_period",
                 "overflow": "no_counter", "try_stop": False, "needs_membarrier": True, "needs_registration": True,
                 "locked_in_get": None, "locked_in_put": None},
    "none": {"generation": "no unload", "zero": "never"}, "needs_rseq": {"generation": "proposed 2025", "needs_rseq": True},
}
LEVELS = {"L0": 0.0, "L3": 0.05, "L5": 4.0, "L6": 1.0, "L7": 5.0}


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
                for level in LEVELS:
                    params = {"threads": threads, "level": level}
                    yield cell("netpath", scheme, params, policy, threads, 0 if threads == 1 else 1, None, 9.0)


def listing(threads, places):
    return {
        "schema": "getput.list/1", "schemes": list(schemes()),
        "workloads": [
            {"name": "pairs", "summary": "a get and its put", "params": [{"key": "threads", "values": threads}]},
            {"name": "removal", "summary": "taking it away", "params": [{"key": "threads", "values": threads}]},
            {"name": "netpath", "summary": "packets", "params": [{"key": "level", "values": list(LEVELS)}]},
        ],
        "cells": list(cells(threads, places)),
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


def netpath_metrics():
    counts = {"received": 4096, "delivered": 1000, "forwarded": 2996, "dropped": {"not_ip": 60, "no_handler": 40}}
    if BEHAVIOUR.get("imbalance"):
        counts["forwarded"] -= 1
    return {**counts, "pass": dict(counts), "input": {"name": "made-up", "frames": 4096}}


def trial_line(known, entry, attempt, seed):
    found = known[entry["cell"]]
    chance = random.Random(zlib.crc32(f"{entry['cell']} {entry['trial']} {attempt} {seed}".encode()))
    noise = chance.lognormvariate(0.0, 0.02)
    alone, contended = SCHEMES[found["scheme"]][:2]
    threads = found["params"]["threads"]
    pair = alone * (contended if threads > 1 else 1.0)
    ns = {"pairs": pair, "removal": 3000.0, "netpath": 180.0 + 1.15 * pair * LEVELS.get(found["params"].get("level"), 0)}
    ns = ns[found["workload"]] * noise * BEHAVIOUR.get("scale", {}).get(found["scheme"], 1.0)
    rejected = chance.random() < BEHAVIOUR.get("reject", 0.0)
    metrics = {"min_over_max": 0.98, "overlap": 1.0, "jain": 1.0}
    metrics.update(removal_metrics(found["scheme"], noise) if found["workload"] == "removal" else {})
    metrics.update(netpath_metrics() if found["workload"] == "netpath" else {})
    wrong = found["scheme"] in BEHAVIOUR.get("wrong", [])
    return {
        "schema": "getput.trial/1", "cell": found["name"], "workload": found["workload"], "scheme": found["scheme"],
        "params": found["params"], "placement": found["placement"], "trial": entry["trial"], "attempt": attempt,
        "seed": seed, "pid": os.getpid(), "start_unix_ns": time.time_ns(), "valid": not rejected,
        "reject_reasons": ["involuntary_switch"] if rejected else [],
        "unit": {"pairs": "ns/pair", "removal": "ns/removal", "netpath": "ns/packet"}[found["workload"]],
        "ns_per_op": ns, "ops": 1000, "wall_ns": int(1000 * ns), "thread_ops": [1000 // threads] * threads,
        "controls": {"plain_ns": 0.75 * noise, "fetch_add_ns": (4.9 if threads == 1 else 38.0) * noise, "chain_ns": 4.4},
        "metrics": metrics, "oracle": {"ok": not wrong, "detail": "references do not balance" if wrong else None},
    }


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
        print(json.dumps({"schema": "getput.env/1", "compiler": "none: a test's stand-in", "build_type": "Release"}))
    else:
        return run(json.load(open(flags["getput_plan"])), flags["getput_out"], threads, places)
    return 0


if __name__ == "__main__":
    sys.exit(main())
