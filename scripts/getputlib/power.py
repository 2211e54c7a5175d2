# SPDX-License-Identifier: MIT
"""`getput power DIR`: how many trials a difference of a given size needs, from the run's own variance.

The trial is what one process measures. "Needs" is the number of trials per cell in each of two runs
with which one two-sided test at 5 % finds the difference four times in five. `compare` corrects for
the number of cells and so needs more for one cell, and less for the global line of a scheme.
"""
import json
import math
from dataclasses import dataclass

from . import stats
from .compare import ADDED, choice, metric_of, sample
from .errors import EXIT_OK, bad_request, note
from .plan import duration
from .results import Results
from .words import aligned, counted, number

ALPHA, POWER = 0.05, 0.8
MOST_TRIALS = 1_000_000  # a larger answer says that the difference is out of reach


@dataclass(frozen=True)
class Effect:
    """A difference to be seen: a share of the value, or nanoseconds per operation."""

    size: float
    relative: bool

    def text(self):
        return f"{100.0 * self.size:g} %" if self.relative else f"{self.size:g} ns"


DEFAULT = {ADDED: Effect(1.0, False), "ns": Effect(0.02, True)}


def _reach(n):
    """The difference that n values a side show, in standard deviations of one value."""
    from scipy.special import stdtrit

    freedom = 2.0 * (n - 1)
    return float(stdtrit(freedom, 1.0 - ALPHA / 2.0) + stdtrit(freedom, POWER)) * math.sqrt(2.0 / n)


def trials_needed(size, spread):
    """Values per side with which a difference of `size` is seen, when one value has the standard deviation `spread`."""
    if spread == 0.0 or size >= _reach(2) * spread:
        return 2
    low, high = 2, 4
    while high < MOST_TRIALS and _reach(high) * spread > size:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _reach(middle) * spread <= size else (middle, high)
    return high


def trials_for_width(values, width):
    """How many independent values the 95 % interval needs to reach a half-width of `width`, in the unit of the values.

    Half-widths fall with the square root of n. With fewer values than an interval takes, the answer is that least number.
    """
    estimate = stats.interval(values)
    if estimate.kind != stats.CONFIDENT:
        return stats.LEAST_FOR_CONFIDENCE
    half = (estimate.high - estimate.low) / 2.0
    return max(stats.LEAST_FOR_CONFIDENCE, math.ceil(len(values) * (half / width) ** 2))


@dataclass(frozen=True)
class CellPower:
    """One cell: the spread of its process values, what its n could see, and what the difference needs."""

    n: int
    spread: float  # standard deviation; of logarithms where the effect is relative
    sees: float  # as the effect is given: a share, or ns
    needs: int


def cell_power(values, metric, wanted):
    """CellPower of the process values of one cell."""
    logs = wanted.relative and metric != ADDED
    scale = [math.log(value) for value in values] if logs else values
    spread = math.sqrt(stats.variance(scale))
    reach = _reach(len(values)) * spread
    if logs:
        return CellPower(len(values), spread, math.expm1(reach), trials_needed(math.log1p(wanted.size), spread))
    middle = abs(stats.median(values)) if wanted.relative else 1.0
    size = wanted.size * middle
    return CellPower(len(values), spread, reach / middle if middle else math.inf, trials_needed(size, spread) if size else MOST_TRIALS)


def _classes(results, chosen):
    """{(workload, class, metric): [(row, process values)]} of the chosen cells with a variance."""
    found = {}
    for row in results.rows:
        if row.shown and chosen(row):
            metric = metric_of(row, None)
            values = list(sample(row, metric).values())
            if len(values) > 1:
                found.setdefault((row.workload, row.kind, metric), []).append((row, values))
    return found


def seconds(results, rows, trials):
    """Expected seconds for so many trials of these cells, from the estimates of the run's own plan."""
    run = results.plan["run"]
    whole = sum(cell["est_trial_ms"] for cell in run["cells"] if cell["possible"])
    share = sum(row.cell["est_trial_ms"] for row in rows) / whole if whole else 0.0
    return run.get("estimated_s", 0.0) * share * trials / max(1, run["trials_per_cell"])


def table(results, wanted, chosen=lambda row: True):
    """One dictionary for each workload, class and metric."""
    found = []
    for (workload, kind, metric), cells in sorted(_classes(results, chosen).items()):
        own = wanted or DEFAULT[metric]
        powers = [cell_power(values, metric, own) for _, values in cells]
        needs = math.ceil(stats.median([power.needs for power in powers]))
        worst = max(power.needs for power in powers)
        rows = [row for row, _ in cells]
        found.append({
            "workload": workload, "class": kind, "metric": metric, "cells": len(cells), "effect": own.size, "relative": own.relative,
            "effect_text": own.text(), "n": [min(p.n for p in powers), max(p.n for p in powers)],
            "spread": stats.median([power.spread for power in powers]), "sees": stats.median([power.sees for power in powers]),
            "needs_median": needs, "needs_worst": worst, "seconds_median": seconds(results, rows, needs),
            "seconds_worst": seconds(results, rows, worst)})
    return found


def _line(one):
    shown = (lambda value: f"{100.0 * value:.2g} %") if one["relative"] else (lambda value: f"{number(value)} ns")
    n = str(one["n"][0]) if one["n"][0] == one["n"][1] else f"{one['n'][0]}-{one['n'][1]}"
    needs = []
    for which in ("median", "worst"):
        trials = one[f"needs_{which}"]
        reachable = trials < MOST_TRIALS
        needs += [f"{trials:,}" if reachable else f">{MOST_TRIALS:,}", duration(one[f"seconds_{which}"]) if reachable else "-"]
    return (one["workload"], one["class"], one["metric"], str(one["cells"]), n, shown(one["sees"]), one["effect_text"], *needs)


def command(arguments):
    """Exit 2 when no selected cell was measured by two processes."""
    results = Results.load(arguments.directory)
    found = table(results, Effect(*arguments.effect) if arguments.effect else None, choice(results, arguments))
    if not found:
        raise bad_request(f"{arguments.directory} has no selected cell that at least 2 processes measured: there is no variance to go by")
    if arguments.json:
        print(json.dumps(found, indent=1, allow_nan=False))
        return EXIT_OK
    header = ("workload", "class", "metric", "cells", "n", "can see", "effect", "needs", "time", "worst cell", "time")
    print("\n".join(aligned([header, *map(_line, found)], right=range(3, 11))))
    note(f"trials per cell in each of two runs, one test at {ALPHA:g}, power {POWER:g}; the middle of "
         f"{counted(sum(one['cells'] for one in found), 'cell')} by class, and the worst cell")
    return EXIT_OK
