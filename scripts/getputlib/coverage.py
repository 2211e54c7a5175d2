# SPDX-License-Identifier: MIT
"""`getput coverage DIR`: does the interval that is reported contain the truth as often as it says?

For each workload, class and metric the variance components and the residuals of the run are fitted.
Runs with the same numbers of processes and trials are then simulated: a process value is drawn from
the residuals between processes, a trial adds one from the residuals within. The true median of such
a process value is known, so the share of simulated intervals that contain it is the coverage.
"""
import json
import math
from dataclasses import dataclass

import numpy

from . import stats
from .compare import ADDED
from .errors import EXIT_BAD_RESULT, EXIT_OK, bad_request, note
from .results import Results
from .row import added_of, ns_of
from .words import aligned, counted, number

LEAST_COVERAGE = 0.93
SIMULATIONS = 20000
LEAST_SIMULATIONS = 5000  # the simulated share is then known to 0.3 % (one standard deviation)
SEED = 20030514  # a report printed twice must not differ
TRUTH_DRAWS = 1_000_000
CELLS_IN_A_POOL = 4  # a pool of residuals from fewer cells says nothing about a class


@dataclass
class Fit:
    """What a class of cells is made of, on the scale of logarithms (ns) or of ns (`added`)."""

    between: numpy.ndarray  # residuals of processes
    within: numpy.ndarray  # residuals of trials of one process; empty where every process has one trial
    process_counts: list
    trials: int  # of one process, typically
    cells: int

    @property
    def share_between(self):
        """The intra-class correlation; None where a process has only one trial."""
        if not len(self.within):
            return None
        squared = float(numpy.mean(self.between**2))
        return squared / (squared + float(numpy.mean(self.within**2)))

    def draw(self, chance, runs, processes):
        """Process values of so many simulated runs."""
        values = chance.choice(self.between, (runs, processes))
        if self.trials > 1 and len(self.within):
            values = values + numpy.median(chance.choice(self.within, (runs, processes, self.trials)), axis=-1)
        return values

    def truth(self, chance):
        """The median of the distribution that draw() draws from."""
        if self.trials == 1 or not len(self.within):
            return float(numpy.median(self.between))
        return float(numpy.median(self.draw(chance, TRUTH_DRAWS, 1)))


def _groups(row, value_of, logs):
    """The trial values of a cell, one array a process."""
    own = {}
    for trial in row.kept:
        if (value := value_of(trial)) is not None:
            own.setdefault(trial["pid"], []).append(math.log(value) if logs else value)
    return [numpy.asarray(values) for values in own.values()]


def fit(cells):
    """The Fit of a class from its cells, each a list of arrays, one per process."""
    between, within, within_squared, freedom, trials = [], [], 0.0, 0, []
    for groups in cells:
        for values in groups:
            trials.append(len(values))
            if len(values) > 1:
                centred = values - values.mean()
                within.extend(centred * math.sqrt(len(values) / (len(values) - 1)))
                within_squared += float(numpy.sum(centred**2))
                freedom += len(values) - 1
    noise = within_squared / freedom if freedom else 0.0  # variance of one trial about its process
    for groups in cells:
        means = numpy.asarray([values.mean() for values in groups])
        centred = (means - means.mean()) * math.sqrt(len(means) / (len(means) - 1))
        total = float(numpy.mean(centred**2))
        noise_of_mean = noise * float(numpy.mean([1.0 / len(values) for values in groups]))
        share = max(0.0, 1.0 - noise_of_mean / total) if total > 0.0 else 0.0
        between.extend(centred * math.sqrt(share))
    return Fit(numpy.asarray(between), numpy.asarray(within), [len(groups) for groups in cells], max(1, round(numpy.median(trials))), len(cells))


def _t_bounds(samples):
    """The t interval of the mean: what is not reported, for comparison."""
    from scipy.special import stdtrit

    n = samples.shape[-1]
    half = float(stdtrit(n - 1, (1.0 + stats.CONFIDENCE) / 2.0)) * samples.std(axis=-1, ddof=1) / math.sqrt(n)
    return samples.mean(axis=-1) - half, samples.mean(axis=-1) + half


def simulate(found, simulations, chance):
    """Shares of simulated runs whose interval, and whose difference of two samples, contain the truth; and of t intervals."""
    counts = [n for n in found.process_counts if n >= stats.LEAST_FOR_CONFIDENCE]
    truth, mean = found.truth(chance), float(found.between.mean())
    hits = {"interval": 0, "difference": 0, "t": 0}
    for n, runs in zip(*numpy.unique(chance.choice(counts, simulations), return_counts=True)):
        first, second = found.draw(chance, runs, n), found.draw(chance, runs, n)
        low, high = stats.order_statistic_bounds(first)
        hits["interval"] += int(numpy.sum((low <= truth) & (truth <= high)))
        below, above = stats.difference_bounds(first, second)
        hits["difference"] += int(numpy.sum((below <= 0.0) & (0.0 <= above)))
        low, high = _t_bounds(first)
        hits["t"] += int(numpy.sum((low <= mean) & (mean <= high)))
    return {name: count / simulations for name, count in hits.items()}


def _classes(results):
    """{(workload, class, metric): cells as fit() takes them}; only cells that are reported with an interval."""
    found = {}
    for row in results.rows:
        if not row.shown:
            continue
        for metric, value_of in (("ns", ns_of), (ADDED, added_of)):
            groups = _groups(row, value_of, logs=metric == "ns")
            if len(groups) >= stats.LEAST_FOR_CONFIDENCE:
                found.setdefault((row.workload, row.kind, metric), []).append(groups)
    return {key: cells for key, cells in found.items() if len(cells) >= CELLS_IN_A_POOL}


def table(results, simulations=SIMULATIONS):
    """One dictionary for each workload, class and metric that has enough cells with intervals."""
    chance, rows = numpy.random.default_rng(SEED), []
    for (workload, kind, metric), cells in sorted(_classes(results).items()):
        found = fit(cells)
        if not numpy.any(found.between) and not len(found.within):
            continue  # all values of every cell are equal, so every interval is a point
        shares = simulate(found, simulations, chance)
        rows.append({
            "workload": workload, "class": kind, "metric": metric, "cells": found.cells,
            "n": [min(found.process_counts), max(found.process_counts)], "trials_per_process": found.trials,
            "sd_between": float(found.between.std()), "sd_within": float(found.within.std()) if len(found.within) else None,
            "share_between": found.share_between, "coverage": shares["interval"], "coverage_difference": shares["difference"],
            "coverage_t": shares["t"], "ok": min(shares["interval"], shares["difference"]) >= LEAST_COVERAGE})
    return rows


def _line(row):
    scale = (lambda value: f"{100.0 * value:.1f} %") if row["metric"] == "ns" else (lambda value: f"{number(value)} ns")
    return (row["workload"], row["class"], row["metric"], str(row["cells"]), f"{row['n'][0]}-{row['n'][1]}", scale(row["sd_between"]),
            scale(row["sd_within"]) if row["sd_within"] is not None else "-", number(row["share_between"], 2),
            *(f"{100.0 * row[key]:.1f} %" for key in ("coverage", "coverage_difference", "coverage_t")), "ok" if row["ok"] else "TOO LOW")


def command(arguments):
    """Exit 1 when a class is covered less often than LEAST_COVERAGE, 2 when no class can be simulated."""
    if arguments.simulations < LEAST_SIMULATIONS:
        raise bad_request(f"--simulations {arguments.simulations}: at least {LEAST_SIMULATIONS:,} are needed to tell 93 % from 95 %")
    results = Results.load(arguments.directory)
    rows = table(results, arguments.simulations)
    if not rows:
        raise bad_request(f"{arguments.directory} has no class of at least {CELLS_IN_A_POOL} cells with {stats.LEAST_FOR_CONFIDENCE} "
                          "processes each: measure more trials (--trials)")
    if arguments.json:
        print(json.dumps(rows, indent=1, allow_nan=False))
    else:
        header = ("workload", "class", "metric", "cells", "n", "sd between", "sd within", "ICC", "coverage", "difference", "t instead", "")
        print("\n".join(aligned([header, *map(_line, rows)], right=range(3, 11))))
        left = sum(row.shown for row in results.rows) - sum(row["cells"] for row in rows if row["metric"] == "ns")
        if left:
            note(f"{counted(left, 'cell')} not simulated: fewer than {stats.LEAST_FOR_CONFIDENCE} processes, so no 95 % interval is reported, "
                 f"or fewer than {CELLS_IN_A_POOL} cells in the class")
        note(f"{arguments.simulations:,} simulated runs per class; at least {100 * LEAST_COVERAGE:.0f} % of the 95 % intervals have to contain the "
             "truth; t instead: the t interval, which is not reported")
    return EXIT_OK if all(row["ok"] for row in rows) else EXIT_BAD_RESULT
