# SPDX-License-Identifier: MIT
"""The plan of a run: how many trials, in which order, how long it will take.

A plan.json is itself a valid plan for the binary (`getput-bench --getput_plan=DIR/plan.json`);
what only the driver needs is under its key "run".
"""
import random
from collections import Counter
from dataclasses import dataclass

from .errors import bad_request
from .selection import PROFILES, budget_of

PLAN_SCHEMA = "getput.plan/1"
MAX_ATTEMPTS = 40
BURST_MS = 3.0
SLICES_MS = 150.0  # timed slices of one trial of a sliced cell, which est_trial_ms assumes
UNSLICED_MS = 40.0  # of a sliced cell's est_trial_ms: what does not become shorter with the slices
LEAST_SLICES_MS = {"smoke": 8.0, "quick": 40.0, "paper": SLICES_MS}
PROCESS_START_S = 0.15  # loading, calibrating the clock, pinning the team
EXPECTED_ATTEMPTS = 1.1  # 1.002 on a quiet machine; a busy one has the time up to the deadline, too
ORACLE_S = 0.08  # millions of untimed pairs in a pairs cell's trial 0: 60 ms on two idle cores
MOST_TRIALS = 1_000_000  # a plan and its results have to fit into memory
BATCH_CELLS = 48  # cells a process visits, where the binary's list does not say


@dataclass(frozen=True)
class Extent:
    """How much of each cell a plan measures."""

    trials: int
    slices_ms: float = SLICES_MS


def trial_ms(cell, slices_ms=SLICES_MS):
    """Expected milliseconds of one trial; only cells of netpath are timed in slices."""
    told = cell["est_trial_ms"]
    if cell["workload"] != "netpath" or told <= UNSLICED_MS:
        return told
    return UNSLICED_MS + (told - UNSLICED_MS) * slices_ms / SLICES_MS


def estimate_s(cells, extent, batch_cells=BATCH_CELLS):
    """Expected wall seconds of a plan in which every trial of a cell is measured by another process."""
    per_trial = sum(trial_ms(cell, extent.slices_ms) for cell in cells) / 1000.0
    by_workload = Counter(cell["workload"] for cell in cells)
    processes = extent.trials * sum(-(-count // batch_cells) for count in by_workload.values())
    oracle = by_workload["pairs"] * ORACLE_S
    return per_trial * extent.trials * EXPECTED_ATTEMPTS + processes * PROCESS_START_S + oracle


def _shorter_slices(cells, trials, least, budget_s, batch_cells):
    """The longest slices, but at least `least` ms, with which so many trials fit; None when not even those do."""
    for slices_ms in range(int(SLICES_MS), int(least) - 1, -1):
        if estimate_s(cells, Extent(trials, slices_ms), batch_cells) <= budget_s:
            return float(slices_ms)
    return None


def choose_extent(cells, profile, asked, batch_cells=BATCH_CELLS):
    """(Extent, remarks): what the budget allows, never fewer trials than the profile needs for an interval.

    Trials are cut first, down to what the profile wants; then the slices; then trials again.
    """
    budget_s, _ = budget_of(profile, {cell["workload"] for cell in cells})
    if asked is not None:
        return Extent(asked), []
    if budget_s is None:
        return Extent(profile.most), []
    for trials in range(profile.most, profile.wanted - 1, -1):
        if estimate_s(cells, Extent(trials), batch_cells) <= budget_s:
            cut = f"trials per cell cut from {profile.most} to {trials} to fit {budget_s:.0f} s"
            return Extent(trials), [cut] if trials < profile.most else []
    least = LEAST_SLICES_MS[profile.name]
    for trials in range(profile.wanted, profile.least - 1, -1):
        if (slices_ms := _shorter_slices(cells, trials, least, budget_s, batch_cells)) is not None:
            return Extent(trials, slices_ms), [
                f"{trials} trials per cell with {slices_ms:.0f} ms of slices per netpath trial (of {SLICES_MS:.0f} ms) to fit {budget_s:.0f} s"]
    extent = Extent(profile.least, least)
    seconds = estimate_s(cells, extent, batch_cells)
    return extent, [
        f"{profile.least} trials per cell need about {seconds:.0f} s, more than the {budget_s:.0f} s of "
        f"--{profile.name}: the run will be cut; fewer schemes or workloads (--scheme, --workload) would fit"
    ]


def one_round(cells, visit, chance, batch_cells=BATCH_CELLS):
    """Batches of (cell, trial) that visit every cell once, in random order.

    A batch is one process. It has cells of one workload, so that a process prepares that workload's
    input only once; schemes are mixed within a batch, and the workloads within a round.
    """
    batches = []
    for workload in sorted({cell["workload"] for cell in cells}):
        names = sorted(cell["name"] for cell in cells if cell["workload"] == workload)
        chance.shuffle(names)
        count = -(-len(names) // batch_cells)
        batches += [[(name, visit) for name in names[part::count]] for part in range(count)]
    chance.shuffle(batches)
    return batches


def order(cells, trials, seed, batch_cells=BATCH_CELLS):
    """The batches of a plan: as many rounds as trials, in an order that only the seed decides.

    One trial per cell and process: trials of one process are not independent of each other.
    """
    chance = random.Random(seed)
    return [batch for visit in range(trials) for batch in one_round(cells, visit, chance, batch_cells)]


def make_plan(listing, cells, selection, seed, remarks=(), flags=()):
    """The plan document for the selected cells; cells that cannot be measured here stay in it, unplanned."""
    profile = PROFILES[selection.profile]
    measured = [cell for cell in cells if cell["possible"]]
    batch_cells = listing.get("batch_cells") or BATCH_CELLS
    extent, cuts = choose_extent(measured, profile, selection.trials, batch_cells)
    if extent.trials * len(measured) > MOST_TRIALS:
        raise bad_request(f"{extent.trials} trials of {len(measured)} cells are more than one run takes ({MOST_TRIALS:,}): "
                          "ask for fewer (--trials), or for fewer cells (--scheme, --workload)")
    batches = order(measured, extent.trials, seed, batch_cells)
    used = {cell["scheme"] for cell in cells}
    return {
        "schema": PLAN_SCHEMA,
        "seed": seed,
        "max_attempts": MAX_ATTEMPTS,
        "burst_ms": BURST_MS,
        "slices_ms": extent.slices_ms,
        "trials": [{"cell": name, "trial": index} for batch in batches for name, index in batch],
        "run": {
            "selection": selection.as_json(),
            "flags": list(flags),
            "trials_per_cell": extent.trials,
            "rounds": extent.trials,
            "promised": selection.trials or min(extent.trials, profile.wanted),
            "batches": [len(batch) for batch in batches],
            "batch_cells": batch_cells,
            "estimated_s": round(estimate_s(measured, extent, batch_cells), 1),
            "remarks": [*remarks, *cuts],
            "schemes": [entry for entry in listing["schemes"] if entry["name"] in used],
            "workloads": listing["workloads"],
            "cells": cells,
        },
    }


def deadline_s(plan):
    """Seconds after which a run of this plan is cut; None without a limit."""
    run = plan["run"]
    workloads = {cell["workload"] for cell in run["cells"] if cell["possible"]}
    return budget_of(PROFILES[run["selection"]["profile"]], workloads)[1]


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


def promise_line(plan):
    """What the run guarantees, or ends with exit 1."""
    run, limit = plan["run"], deadline_s(plan)
    promised = run.get("promised", run["trials_per_cell"])
    text = f"  promise: at least {counted(promised, 'kept trial')} per cell, each in a process of its own"
    return text + (f"; cut after {duration(limit)} at the latest" if limit is not None else "")


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
    slices_ms = plan.get("slices_ms", SLICES_MS)
    for workload in sorted({cell["workload"] for cell in cells}):
        own = [cell for cell in cells if cell["workload"] == workload and cell["possible"]]
        schemes = len({cell["scheme"] for cell in own})
        seconds = sum(trial_ms(cell, slices_ms) for cell in own) * run["trials_per_cell"] * EXPECTED_ATTEMPTS / 1000.0
        lines.append(f"  {workload:<10} {counted(len(own), 'cell'):>9} of {counted(schemes, 'scheme')} x {counted(run['trials_per_cell'], 'trial')}, "
                     f"about {duration(seconds)}")
    lines.append(promise_line(plan))
    lines.extend(f"  not measured: {text}" for text in unmeasured(cells))
    lines.extend(f"  note: {remark}" for remark in run["remarks"])
    return lines
