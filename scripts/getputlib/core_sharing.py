# SPDX-License-Identifier: MIT
"""How much of the cores did other guests take, and what the differences are at the same share of it.

In a virtual machine another guest may run on the other hardware thread of a core. Code that fills the
core then takes 1.3 to 1.6 times as long, and what a reference adds to a packet grows as much. This state
changes within a run, so that the processes of one cell meet it in different shares, by chance. It was the
largest part of the spread between processes.

The binary probes it beside every slice (bench/engine/core_probe.hpp) and reports the mean cycles per
addition of each trial, a covariate that does not depend on what the cell measures. Analysis of covariance
then compares all cells at the run's mean of it: in a family (one path, level and number of workers)

    added[scheme, process] = mu[scheme] * (1 + beta * (cycles[process] - mean cycles))

with one beta for all schemes of the family. At the mean this shifts no value systematically, whatever the
beta; it removes what the covariate explains from the spread.
"""
import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy

from . import setting, stats
from .words import counted

COVARIATE = "cycles_per_addition"
ADJUSTED = "netpath"  # the workload whose result is a difference
LEAST_SCHEMES, LEAST_FREEDOM = 3, 20  # of a family, below which its differences are left as they are
LARGEST_FACTOR = 2.0  # an adjustment beyond this is not one
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
        told = f"{self.where}: other guests used the cores in {100.0 * self.shared:.0f} % of the slices"
        return f"{told}; differences are adjusted to the mean of that" if self.adjusted else told


def _known(row):
    return bool(row.kept) and all((trial.get("difference") or {}).get("alone") for trial in row.kept)


def cycles_of(trial):
    return trial["covariates"].get(COVARIATE)


def _family(row):
    return row.workload, row.threads, row.place, setting.of(row), row.params.get("level")


def beta_of(cells):
    """The common slope of cells, each a list of (cycles, ns), relative to each cell's mean; None where too little is known.

    Least squares, each cell weighted by the inverse of its own variance, so that cells whose values
    scatter for other reasons have no say. Never negative: a shared core makes nothing cheaper.
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


def factor(beta, cycles, reference):
    """By how much a process with these cycles measures more than one at the reference."""
    found = 1.0 + beta * (cycles - reference)
    return min(max(found, 1.0 / LARGEST_FACTOR), LARGEST_FACTOR)


class Sharing:
    """What a run knows about it. Adjusts the differences of the rows that it is made from."""

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
            for trial in row.kept:
                difference = trial["difference"]
                measured = difference.setdefault("measured_ns", difference["ns"])
                if (cycles := cycles_of(trial)) is not None:
                    difference["ns"] = measured / factor(beta, cycles, reference)

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
            if row.workload == "netpath" and row.params.get("level") == "L0" and values:
                group.baseline_alone[setting.of(row)] = (stats.median(values), row.difference("baseline_ns"))
        return group


def alone_of(trial, best):
    """`difference.alone` of a trial; None where its process took too low an issue rate for the highest."""
    found = trial["difference"]["alone"]
    return found if found["best_issue_rate"] >= NEAR_BEST * best else None


def common_references(one, other):
    """The references at which two runs are compared: half way between theirs, so that neither is adjusted further than needed."""
    mine, theirs = one.references(), other.references()
    return {key: (mine[key] + theirs[key]) / 2.0 for key in mine if key in theirs and not math.isclose(mine[key], 0.0)}
