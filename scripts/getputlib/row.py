# SPDX-License-Identifier: MIT
"""One cell of a run: its kept trials, its samples of independent values, and its verdict."""
import functools
from collections import Counter
from dataclasses import dataclass, field

from . import setting, stats
from .selection import PROFILES

OK, WRONG, NOT_POSSIBLE, NOT_AVAILABLE = "OK", "WRONG", "NOT POSSIBLE", "NOT AVAILABLE"
CRASHED, NO_VALID_TRIALS, NOT_ENOUGH, UNSAFE = "CRASHED", "NO VALID TRIALS", "NOT ENOUGH", "UNSAFE"
CONTROLS = ("plain", "fetch_add", "chain", "lock_xadd", "line_transfer")
FLOOR_SHARE = 0.02  # a trial is at the floor when its controls lie within 2 % of the run's floor


@dataclass
class Row:
    """One cell with its kept trials, in the order in which they were measured.

    The process is the unit of every statistic: `values`, `ratios()`, `metric()` and `added()` hold one
    value per process, so their lengths are the n of an interval.
    """

    cell: dict
    kept: list = field(default_factory=list)
    rejected: int = 0
    reasons: Counter = field(default_factory=Counter)
    wrong: str | None = None
    crash: str | None = None
    available: bool = True
    why: str | None = None
    safe: bool = True
    control_scheme: bool = False
    session: bool = False
    least: int = PROFILES["quick"].least
    hunt: dict | None = None
    floors: dict = field(default_factory=dict)  # {control: ns} of this row's thread count

    @property
    def scheme(self):
        return self.cell["scheme"]

    @property
    def workload(self):
        return self.cell["workload"]

    @property
    def params(self):
        return self.cell["params"]

    @property
    def place(self):
        return self.cell["placement"]["policy"]

    @property
    def threads(self):
        return self.params.get("threads", len(self.cell["placement"]["pus"]))

    @property
    def contended(self):
        """True when several threads use the same object or path."""
        return self.threads > 1 and self.params.get("object") != "own"

    @property
    def kind(self):
        """The class of cells whose spread this cell shares: contended or not, and in netpath the setting."""
        word = "contended" if self.contended else "uncontended"
        return ", ".join(filter(None, (word, setting.words(setting.of(self)) if self.workload == "netpath" else "")))

    @property
    def unsafe(self):
        """True for a scheme that is meant to fail; a control protects nothing either, but does not claim to."""
        return not self.safe and not self.control_scheme

    @property
    def in_session(self):
        """Were these pairs of one object timed inside a session? Not where another thread puts (bench/workloads/pairs/loops.hpp)."""
        return (self.session and self.workload == "pairs" and self.params.get("objects", 1) == 1
                and self.params.get("put") != "other")

    def by_process(self, value_of):
        """{process: its value of value_of(trial)}, without the trials for which that is None."""
        found = [(value, trial["pid"]) for trial in self.kept if (value := value_of(trial)) is not None]
        return stats.process_values([value for value, _ in found], [pid for _, pid in found])

    def per_process(self, value_of):
        """The values of by_process()."""
        return list(self.by_process(value_of).values())

    @functools.cached_property
    def values(self):
        """ns per operation, one value per process."""
        return self.per_process(ns_of)

    @property
    def unit(self):
        return self.kept[0]["unit"] if self.kept else None

    @property
    def verdict(self):
        if not self.available:
            return NOT_AVAILABLE
        if not self.cell["possible"]:
            return NOT_POSSIBLE
        if self.unsafe:
            return UNSAFE
        if self.wrong is not None:
            return WRONG
        if self.crash is not None:
            return CRASHED
        if not self.kept:
            return NO_VALID_TRIALS
        return OK if len(self.kept) >= self.least else NOT_ENOUGH

    @property
    def shown(self):
        """A figure may draw it: measured, not wrong, and not meant to be."""
        return bool(self.kept) and self.verdict in (OK, NOT_ENOUGH)

    def control(self, name):
        """The control of each kept trial in ns; None where it was not measured."""
        return [trial["controls"].get(f"{name}_ns") for trial in self.kept]

    def control_ns(self, name):
        return stats.median([value for value in self.control(name) if value])

    def ratios(self, name):
        """Each kept trial over its own control, one value per process."""
        return self.per_process(ratio_of(name))

    def ratio(self, name):
        return stats.median(self.ratios(name))

    def metric(self, name):
        """One metric, one value per process, without the trials that have none."""
        def number(trial):
            value = trial["metrics"].get(name)
            return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

        return self.per_process(number)

    def added(self):
        """ns that the subject costs beyond the baseline measured in turn with it, one value per process."""
        return self.per_process(added_of)

    def difference(self, key):
        """Median over the trials of an entry of `difference` (getput.trial/2); None in older runs."""
        found = (trial["difference"].get(key) for trial in self.kept if trial.get("difference"))
        return stats.median([value for value in found if value is not None])

    def at_floor(self):
        """ns per operation of the trials whose controls lie within FLOOR_SHARE of the run's floor, one value per process."""
        def undisturbed(trial):
            own = {name: trial["controls"].get(f"{name}_ns") for name in self.floors}
            near = all(value is not None and value <= self.floors[name] * (1.0 + FLOOR_SHARE) for name, value in own.items())
            return trial["ns_per_op"] if near and own else None

        return self.per_process(undisturbed)

    def packets(self):
        """Where the frames of one pass over the input went (netpath); None where nothing is counted."""
        return next((trial["metrics"]["pass"] for trial in reversed(self.kept) if trial["metrics"].get("pass")), None)

    def detail(self):
        """Why the verdict is not OK; None when it is."""
        if self.verdict in (NOT_AVAILABLE, NOT_POSSIBLE):
            return (self.why or "").removeprefix("not possible: ") or None
        if self.verdict == UNSAFE:
            return self._hunt_text()
        if self.verdict == NO_VALID_TRIALS and not self.reasons:
            return "no trial was run"
        if self.verdict == NO_VALID_TRIALS:
            return "rejected: " + ", ".join(f"{reason} {count}" for reason, count in self.reasons.most_common())
        if self.verdict == NOT_ENOUGH:
            return f"{len(self.kept)} kept trials, {self.least} are the least"
        return self.wrong or self.crash

    def _hunt_text(self):
        if self.hunt is None:
            return self.wrong or "unsafe by design; no hunt was made in this run"
        how = f": {self.hunt['how']}" if self.hunt.get("how") else ""
        if self.hunt.get("caught") is None:
            return f"unsafe by design; the hunt could not be made{how}"
        return f"caught{how}" if self.hunt["caught"] else "unsafe by design, but not caught in this run"

    @functools.cached_property
    def estimate(self):
        """The median of `values` with its interval, or with the range of fewer than 6 values."""
        return stats.interval(self.values)

    @property
    def interval(self):
        """(low, high) of `estimate`."""
        return self.estimate.bounds


def ns_of(trial):
    """ns per operation of one trial."""
    return trial["ns_per_op"]


def ratio_of(name):
    """The function from a trial to ns per operation over one of its controls; it gives None where that was not measured."""
    def ratio(trial):
        control = trial["controls"].get(f"{name}_ns")
        return trial["ns_per_op"] / control if control else None

    return ratio


def added_of(trial):
    """What one trial says that its subject costs beyond the baseline, in ns; None where it was not measured in turn."""
    if trial.get("difference"):
        return trial["difference"]["ns"]
    base = trial["metrics"].get("l0_ns")
    return trial["ns_per_op"] - base if base is not None else None
