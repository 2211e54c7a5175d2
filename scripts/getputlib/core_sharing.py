# SPDX-License-Identifier: MIT
"""How much of the cores other guests used, and the differences at the same share of it.

In a virtual machine another guest may run on the other hardware thread of a core. Code that fills the
core then takes 1.3 to 1.6 times as long, and what a reference adds to a packet grows as much. This state
changes within a run, so that the processes of one cell meet it in different shares, by chance. It was the
largest part of the spread between processes.

The binary probes it beside every slice (bench/engine/core_probe.hpp) and reports the mean cycles per
addition of each trial, a covariate that does not depend on what the cell measures. Analysis of covariance
then compares all cells at the run's mean of it: in a family (one path, level and number of workers)

    added[scheme, process] = mu[scheme] * (1 + beta * (cycles[process] - mean cycles))

with one beta for all schemes of the family. mu * beta * (cycles - mean cycles) is subtracted from each value.
It is linear in the covariate, which chance gave to the processes, so it shifts no scheme systematically, not
even one that a shared core does not slow down; it removes what the covariate explains from the spread.
"""
from collections import defaultdict
from dataclasses import dataclass, field

import numpy

from . import setting, stats
from .levels import BASELINE
from .words import counted

COVARIATE = "cycles_per_addition"
ADJUSTED = "netpath"  # the workload whose result is a difference
LEAST_SCHEMES, LEAST_FREEDOM = 3, 20  # of a family, below which its differences are left as they are
NEAR_BEST = 0.95  # a process that never had its cores alone took a lower issue rate for the highest
DISTURBED_SHARE = 0.1


@dataclass
class Group:
    """The cells of one workload, number of workers and placement: they share a reference."""

    workload: str
    threads: int
    place: str
    mean_cycles: float
    shared: float  # the share of the slices, 0 to 1, in which another guest used a core
    baseline_alone: dict = field(default_factory=dict)  # {setting: (ns of level 0 with the cores alone, in all slices)}
    adjusted: int = 0  # families

    @property
    def disturbed(self):
        return self.shared > DISTURBED_SHARE

    @property
    def where(self):
        return f"{self.workload}, {counted(self.threads, 'worker')}, {self.place}"

    def text(self):
        share = f"{self.where}: other guests used the cores in {100.0 * self.shared:.0f} % of the slices"
        return f"{share}; differences are adjusted to the mean of that" if self.adjusted else share


def _known(row):
    return bool(row.kept) and all((trial.get("difference") or {}).get("alone") for trial in row.kept)


def cycles_of(trial):
    return trial["covariates"].get(COVARIATE)


def _family(row):
    return row.workload, row.threads, row.place, setting.of(row), row.params.get("level")


def beta_of(cells):
    """The common slope of cells, each a list of (cycles, ns), relative to each cell's mean; None where too little is known.

    Least squares, each cell weighted by the inverse of its own variance, so that cells whose values
    scatter for other reasons carry little weight. Never negative: a shared core makes nothing cheaper.
    """
    cells = [numpy.asarray(values) for values in cells if len(values) >= stats.LEAST_FOR_CONFIDENCE]
    if len(cells) < LEAST_SCHEMES or sum(len(values) - 1 for values in cells) < LEAST_FREEDOM:
        return None
    above = below = 0.0
    for values in cells:
        cycles, ns = values[:, 0] - values[:, 0].mean(), values[:, 1] - values[:, 1].mean()
        mean, variance = values[:, 1].mean(), float(ns.var())
        if variance > 0.0:
            above += mean * float(cycles @ ns) / variance
            below += mean * mean * float(cycles @ cycles) / variance
    return max(above / below, 0.0) if below > 0.0 else None


def adjusted(values, beta, reference):
    """The ns of one scheme's (cycles, ns), each at the reference."""
    values = numpy.asarray(values)
    cycles, ns = values[:, 0] - reference, values[:, 1]
    at_reference = ns.mean() / max(1.0 + beta * cycles.mean(), 0.5)
    return ns - at_reference * beta * cycles


class Sharing:
    """The state of the cores during a run. Adjusts the differences of the rows that it is made from."""

    def __init__(self, rows):
        self._rows = [row for row in rows if _known(row)]
        self._betas = self._find_betas()
        self.groups = self._find_groups()
        self.refer_to(self.references())

    def references(self):
        """{(workload, threads, place): mean cycles per addition of this run}."""
        return {key: group.mean_cycles for key, group in self.groups.items()}

    def refer_to(self, references):
        """Adjusts all differences to these cycles per addition; to the run's own in a group that is not among them."""
        for row in self._rows:
            key = row.workload, row.threads, row.place
            beta = self._betas.get(_family(row))
            if beta is None or key not in self.groups:
                continue
            reference = references.get(key, self.groups[key].mean_cycles)
            trials = [trial for trial in row.kept if cycles_of(trial) is not None]
            if trials:
                measured = [trial["difference"].setdefault("measured_ns", trial["difference"]["ns"]) for trial in trials]
                for trial, ns in zip(trials, adjusted([*zip(map(cycles_of, trials), measured)], beta, reference)):
                    trial["difference"]["ns"] = float(ns)

    def _find_betas(self):
        families = defaultdict(list)
        for row in self._rows:
            if row.workload == ADJUSTED:
                families[_family(row)].append([(cycles, trial["difference"]["ns"]) for trial in row.kept
                                               if (cycles := cycles_of(trial)) is not None])
        return {family: beta for family, cells in families.items() if (beta := beta_of(cells)) is not None}

    def _find_groups(self):
        members = defaultdict(list)
        for row in self._rows:
            members[row.workload, row.threads, row.place].append(row)
        return {key: group for key, rows in sorted(members.items()) if (group := self._group(key, rows)) is not None}

    def _group(self, key, rows):
        trials = [trial for row in rows for trial in row.kept if cycles_of(trial) is not None]
        best = max((trial["difference"]["alone"]["best_issue_rate"] for trial in trials), default=0.0)
        if best <= 0.0:
            return None  # the binary cannot probe this processor
        pairs = sum(trial["difference"]["pairs"] for trial in trials)
        alone = sum(found["pairs"] for trial in trials if (found := alone_of(trial, best)))
        group = Group(*key, float(numpy.mean([cycles_of(trial) for trial in trials])), 1.0 - alone / pairs if pairs else 0.0)
        group.adjusted = sum(family[:3] == key for family in self._betas)
        for row in rows:
            values = [found["baseline_ns"] for trial in row.kept if (found := alone_of(trial, best)) and found["baseline_ns"]]
            if row.workload == ADJUSTED and row.params.get("level") == BASELINE and values:
                group.baseline_alone[setting.of(row)] = (stats.median(values), row.difference("baseline_ns"))
        return group


def alone_of(trial, best):
    """`difference.alone` of a trial; None where its process took too low an issue rate for the highest."""
    found = trial["difference"]["alone"]
    return found if found["best_issue_rate"] >= NEAR_BEST * best else None


def common_references(one, other):
    """The references at which two runs are compared: half way between theirs, so that neither is adjusted further than needed."""
    mine, theirs = one.references(), other.references()
    return {key: (mine[key] + theirs[key]) / 2.0 for key in mine if key in theirs}
