# SPDX-License-Identifier: MIT
"""The plan of a run: how many trials, in which order, how long it will take.

A plan.json is itself a valid plan for the binary (`getput-bench --getput_plan=DIR/plan.json`);
what only the driver needs is under its key "run".
"""
import random
from collections import Counter

from .errors import bad_request
from .selection import PROFILES

PLAN_SCHEMA = "getput.plan/1"
MAX_ATTEMPTS = 40
BURST_MS = 3.0
PROCESS_START_S = 0.2  # loading, calibrating the clock, pinning the team
EXPECTED_ATTEMPTS = 1.2  # on a quiet machine about one trial in six is disturbed
ORACLE_S = 0.16  # millions of untimed pairs in a pairs cell's trial 0
MOST_TRIALS = 1_000_000  # a plan and its results have to fit into memory
BATCH_CELLS = 16  # so many cells the binary keeps ready in one process (bench/trial/runner.cpp)


def estimate_s(cells, trials, rounds):
    """Expected wall seconds for `trials` trials of each cell in `rounds` visits."""
    per_trial = sum(cell["est_trial_ms"] for cell in cells) / 1000.0
    by_workload = Counter(cell["workload"] for cell in cells)
    processes = rounds * sum(-(-count // BATCH_CELLS) for count in by_workload.values())
    oracle = by_workload["pairs"] * ORACLE_S
    return per_trial * trials * EXPECTED_ATTEMPTS + processes * PROCESS_START_S + oracle


def trials_per_cell(cells, profile, asked):
    """(trials, remarks): as many as the budget allows, never fewer than the profile promises."""
    if asked is not None:
        return asked, []
    if profile.budget_s is None:
        return profile.most, []
    for trials in range(profile.most, profile.least - 1, -1):
        seconds = estimate_s(cells, trials, min(profile.rounds, trials))
        if seconds <= profile.budget_s:
            cut = f"trials a cell cut from {profile.most} to {trials} to fit {profile.budget_s:.0f} s"
            return trials, [cut] if trials < profile.most else []
    return profile.least, [
        f"{profile.least} trials a cell need about {seconds:.0f} s, more than the {profile.budget_s:.0f} s of "
        f"--{profile.name}: fewer schemes or workloads (--scheme, --workload) would fit"
    ]


def order(cells, trials, rounds, seed):
    """Batches of (cell, trial): each round visits every cell, in an order that only the seed decides.

    A batch has cells of one workload, so that a process prepares that workload's input only once;
    schemes are mixed within a batch, and the batches of all workloads are mixed within a round.
    """
    chance = random.Random(seed)
    batches = []
    for visit in range(rounds):
        indices = range(visit * trials // rounds, (visit + 1) * trials // rounds)
        batches_of_round = []
        for workload in sorted({cell["workload"] for cell in cells}):
            names = sorted(cell["name"] for cell in cells if cell["workload"] == workload)
            chance.shuffle(names)
            count = -(-len(names) // BATCH_CELLS)
            for part in range(count):
                batch = [(name, index) for name in names[part::count] for index in indices]
                chance.shuffle(batch)
                batches_of_round.append(batch)
        chance.shuffle(batches_of_round)
        batches.extend(batches_of_round)
    return [batch for batch in batches if batch]


def make_plan(listing, cells, selection, seed, remarks=(), flags=()):
    """The plan document for the selected cells; cells that cannot be measured here stay in it, unplanned."""
    profile = PROFILES[selection.profile]
    measured = [cell for cell in cells if cell["possible"]]
    trials, cuts = trials_per_cell(measured, profile, selection.trials)
    if trials * len(measured) > MOST_TRIALS:
        raise bad_request(f"{trials} trials of {len(measured)} cells are more than one run takes ({MOST_TRIALS:,}): "
                          "ask for fewer (--trials), or for fewer cells (--scheme, --workload)")
    rounds = min(profile.rounds, trials)
    batches = order(measured, trials, rounds, seed)
    used = {cell["scheme"] for cell in cells}
    return {
        "schema": PLAN_SCHEMA,
        "seed": seed,
        "max_attempts": MAX_ATTEMPTS,
        "burst_ms": BURST_MS,
        "trials": [{"cell": name, "trial": index} for batch in batches for name, index in batch],
        "run": {
            "selection": selection.as_json(),
            "flags": list(flags),
            "trials_per_cell": trials,
            "rounds": rounds,
            "batches": [len(batch) for batch in batches],
            "estimated_s": round(estimate_s(measured, trials, rounds), 1),
            "remarks": [*remarks, *cuts],
            "schemes": [entry for entry in listing["schemes"] if entry["name"] in used],
            "workloads": listing["workloads"],
            "cells": cells,
        },
    }


def batches_of(plan):
    """The plan's trials as one list of (cell, trial) a process."""
    position, batches = 0, []
    for size in plan["run"]["batches"]:
        part = plan["trials"][position:position + size]
        batches.append([(entry["cell"], entry["trial"]) for entry in part])
        position += size
    return batches


def duration(seconds):
    """Seconds for people: 42 s, 3 min 05 s, 2 h 10 min."""
    seconds = int(round(seconds))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


def counted(number, noun, ending="s"):
    return f"{number} {noun}{'' if number == 1 else ending}"


def unmeasured(cells):
    """One line a reason: how many cells of a workload cannot be measured, and of which schemes."""
    groups = {}
    for cell in cells:
        if not cell["possible"]:
            groups.setdefault((cell["workload"], cell["why"] or "no reason given"), []).append(cell["scheme"])
    for (workload, why), schemes in sorted(groups.items()):
        names, all_names = set(schemes), {cell["scheme"] for cell in cells if cell["workload"] == workload}
        of = "every scheme" if names == all_names and len(names) > 1 else ", ".join(sorted(names))
        yield f"{counted(len(schemes), 'cell')} of {workload} ({of}): {why.removeprefix('not possible: ')}"


def plan_lines(plan, directory):
    """The plan in words, before anything runs."""
    run = plan["run"]
    cells = run["cells"]
    lines = [
        f"getput plan ({run['selection']['profile']}): {counted(len(plan['trials']), 'trial')} in "
        f"{counted(len(run['batches']), 'process', 'es')}, "
        f"about {duration(run['estimated_s'])}, seed {plan['seed']}",
        f"  results: {directory}",
    ]
    for workload in sorted({cell["workload"] for cell in cells}):
        own = [cell for cell in cells if cell["workload"] == workload and cell["possible"]]
        schemes = len({cell["scheme"] for cell in own})
        seconds = sum(cell["est_trial_ms"] for cell in own) * run["trials_per_cell"] * EXPECTED_ATTEMPTS / 1000.0
        lines.append(f"  {workload:<10} {counted(len(own), 'cell'):>9} of {counted(schemes, 'scheme')} x {counted(run['trials_per_cell'], 'trial')}, "
                     f"about {duration(seconds)}")
    lines.extend(f"  not measured: {text}" for text in unmeasured(cells))
    lines.extend(f"  note: {remark}" for remark in run["remarks"])
    return lines
