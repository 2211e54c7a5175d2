# SPDX-License-Identifier: MIT
"""Results directories written by hand, one process per trial, for tests that choose every value."""
import json

from getputlib.results import Results

ENV = {
    "schema": "getput.env/1", "binary": {"path": "none", "sha256": "0" * 64}, "source": {"commit": None, "dirty": None},
    "machine": {"hostname": "made-up", "os": "none", "cpu": {"model": "none"}, "allowed_cpus": [0, 1],
                "kernel": {"release": "6.1", "vulnerabilities": {}}, "topology": {"nodes": 1, "last_level_caches": 1, "cores": 2}},
    "load": {"before": {}, "after": None},
}
FRAMES, FRAME_BYTES = 1000, 230.0


def cell(workload, scheme, **params):
    params = {"threads": 1, **params}
    name = "/".join([workload, scheme, *(f"{key}:{value}" for key, value in params.items()), "place:compact"])
    return {"name": name, "workload": workload, "scheme": scheme, "params": params, "tier": 0, "possible": True, "why": None,
            "placement": {"policy": "compact", "pus": list(range(params["threads"]))}, "est_trial_ms": 10.0}


def trial(of, index, ns, *, process=None, added=None, valid=True, metrics=None, controls=None, difference=None):
    """One line; with `added` a netpath line of getput.trial/2 whose difference is that."""
    line = {
        "schema": "getput.trial/1", "cell": of["name"], "workload": of["workload"], "scheme": of["scheme"], "params": of["params"],
        "placement": of["placement"], "trial": index, "attempt": 0, "seed": 1, "pid": 1000 + (index if process is None else process),
        "start_unix_ns": 1_000_000 + index, "valid": valid, "reject_reasons": [] if valid else ["involuntary_switch"], "unit": "ns/op",
        "ns_per_op": ns, "ops": 1000, "wall_ns": round(1000 * ns), "thread_ops": [1000],
        "controls": {"plain_ns": 0.5, "fetch_add_ns": 5.0, "chain_ns": 4.0, **(controls or {})}, "metrics": dict(metrics or {}),
        "oracle": {"ok": True, "detail": None},
    }
    if added is not None:
        line["schema"] = "getput.trial/2"
        line.update(bursts=[], slices=None, covariates={}, difference={
            "baseline": "L0", "baseline_ns": ns - added, "ns": added, "copy_sd_ns": 0.2, "pairs": 100, **(difference or {})})
        line["metrics"].setdefault("input", {"name": "made-up", "frames": FRAMES, "wire_bytes": int(FRAMES * FRAME_BYTES)})
    return line


def write(folder, trials, *, safe=None, control=(), profile="quick", manifest=None, cells=()):
    """A finished run of these lines; `safe` maps schemes that are not safe to False. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {line["cell"]: cell(line["workload"], line["scheme"], **line["params"]) for line in trials}
    known.update({one["name"]: one for one in cells})
    schemes = sorted({one["scheme"] for one in known.values()})
    plan = {
        "schema": "getput.plan/1", "seed": 1, "max_attempts": 4, "burst_ms": 3.0,
        "trials": [{"cell": name, "trial": index} for name, index in dict.fromkeys((line["cell"], line["trial"]) for line in trials)],
        "run": {"selection": {"profile": profile, "trials": None, "pcap": None}, "flags": [], "remarks": [], "batches": [len(trials)],
                "trials_per_cell": 8, "rounds": 8, "estimated_s": 60.0, "workloads": [], "cells": list(known.values()),
                "schemes": [{"name": name, "safe": (safe or {}).get(name, True), "control": name in control, "available": True,
                             "why": None, "removal": True} for name in schemes]},
    }
    state = {"schema": "getput.manifest/1", "state": "finished", "sessions": [], "crashes": [], "remarks": [], "arguments": [],
             "counts": None, **(manifest or {})}
    for name, document in (("plan", plan), ("env", ENV), ("manifest", state)):
        (folder / f"{name}.json").write_text(json.dumps(document))
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in trials))
    return folder


def load(folder, trials, **keywords):
    return Results.load(write(folder, trials, **keywords))


def pairs(chance, scheme, middle, *, n=8, spread=0.05, first=0, **params):
    """Lines of one pairs cell whose values scatter around `middle`."""
    of = cell("pairs", scheme, **params)
    return [trial(of, first + index, middle * float(chance.lognormal(0.0, spread))) for index in range(n)]


def packets(chance, scheme, level, added, *, n=8, spread=0.5, pairs_per_packet=5.0, metrics=None, **params):
    """Lines of one netpath cell in which a level adds about so many ns."""
    of = cell("netpath", scheme, level=level, **params)
    values = [added + float(chance.normal(0.0, spread)) for _ in range(n)]
    return [trial(of, index, 200.0 + value, added=value, metrics={"pairs_per_packet": pairs_per_packet, **(metrics or {})})
            for index, value in enumerate(values)]
