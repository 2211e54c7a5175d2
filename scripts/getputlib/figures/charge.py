# SPDX-License-Identifier: MIT
"""What the figures of the packet path and the first screen show: the headline of one placement in one setting."""
from collections import Counter

from .. import headline, setting, stats
from ..levels import ANSWER
from ..words import number

COMPUTED = "L3"  # too few references per packet to time; its cost is gets times the price of a pair


def _group(entry):
    return entry.place, entry.setting


def _groups(entries):
    """(placement, setting) of the entries: the setting that figures show first, then the largest, then the first of the plan."""
    counts = Counter(map(_group, entries))
    return sorted(counts, key=lambda group: (setting.rank(group[1]), -counts[group]))


def answer_paths(results):
    """The Path of each era in the shape of its time, in that order, in the placement that figures show.

    A run with neither, such as one from before the eras, has one: what its figures show.
    """
    every = headline.table(results)
    main = Path(results, every)
    found = {}
    for group in _groups(every):
        path = setting.path_of(group[1])
        if path in setting.ANSWER and group[0] == main.group[0] and setting.ordinary(group[1]):
            found.setdefault(path, Path(results, every, group))
    return [found[path] for path in setting.ANSWER if path in found] or [main]


class Path:
    """The headline of a run as figures take it: that of one group.

    Where `none` was measured, every entry is what a scheme adds beyond `none` at the same level, and
    `none` itself is not among the entries.
    """

    def __init__(self, results, every=None, group=None):
        self.results, every = results, headline.table(results) if every is None else every
        self.group = group or next(iter(_groups(every)), (None, ()))
        chosen = [entry for entry in every if _group(entry) == self.group]
        self.subtracted = any(entry.minus_none is not None for entry in chosen)
        self.nones = [entry for entry in chosen if entry.scheme == headline.REFERENCE]
        self.entries = [entry for entry in chosen if not (self.subtracted and entry.scheme == headline.REFERENCE)]
        self.workers = sorted({entry.threads for entry in chosen})
        self.levels = sorted({entry.level for entry in chosen} - {COMPUTED}, key=results.levels.key)
        self._bounds = headline.resolution(results)

    @property
    def words(self):
        """The setting for titles and captions; empty for a run from before the eras."""
        return setting.words(self.group[1])

    @property
    def beyond(self):
        """What the entries are differences to, for axes and captions."""
        return "beyond none at the same level" if self.subtracted else "beyond L0"

    def name(self, level):
        """A level with the name that the binary gives it."""
        return self.results.levels.name(level)

    @property
    def answers(self):
        """The levels of the answer at which a scheme was measured; else the last level of those that were."""
        charged = {entry.level for entry in self.entries}
        return [level for level in ANSWER if level in charged] or [level for level in self.levels if level in charged][-1:]

    @property
    def top(self):
        """The highest level of the answer that was charged, or None."""
        return self.answers[-1] if self.answers else None

    def first(self, level):
        """An entry of a level with the most workers; every entry of it has the same input and pairs."""
        return next(entry for threads in reversed(self.workers) for entry in self.at(level, threads))

    @property
    def extremes(self):
        """The fewest and the most workers, or the one number there is."""
        return sorted({*self.workers[:1], *self.workers[-1:]})

    def at(self, level, threads):
        """Entries of a level and number of workers, the cheapest first."""
        found = [entry for entry in self.entries if (entry.level, entry.threads) == (level, threads)]
        return sorted(found, key=lambda entry: (entry.net.point, entry.scheme))

    def bound(self, threads):
        """How far from zero the interval of level 0 against level 0 reaches, in ns; None where that was not measured."""
        return headline.bound_of(self._bounds, (threads, *self.group))

    def within(self, entry):
        """True where the data do not show that a scheme adds anything: its interval contains 0, or L0 against L0 reaches as far.

        A range of fewer than 6 values can show that it does, although without confidence.
        """
        if entry.net.kind == stats.CONFIDENT:
            return not entry.resolved
        low, high = (entry.net.point if bound is None else bound for bound in entry.net.bounds)
        return low <= 0.0 <= high or abs(entry.net.point) <= (self.bound(entry.threads) or 0.0)

    def adds(self, entry):
        """What one entry adds to a packet, in words; an unresolved difference is said to be none."""
        if not self.within(entry):
            return f"adds {entry.net.text()} ns"
        return f"adds 0 ns within the resolution of this run ({span(entry.net)})"

    def samples(self, level, threads):
        """{scheme: one value per process of what it adds to level 0} of the entries of a level, for tests between schemes."""
        cells = {entry.cell: entry.scheme for entry in self.at(level, threads)}
        return {cells[row.cell["name"]]: row.added() for row in self.results.of("netpath") if row.cell["name"] in cells}

    def cells(self, levels):
        """Names of the cells behind the entries of some levels and of `none`, for the list of what no figure shows."""
        controls = {row.cell["name"] for row in self.results.of("netpath", level=headline.BASELINE)
                    if row.place == self.group[0] and setting.same_path(setting.of(row), self.group[1])}
        return controls | {entry.cell for entry in (*self.entries, *self.nones)
                           if entry.level in levels and entry.threads in self.extremes}


def span(interval):
    """The bounds of an interval in words: what they are, where they lie, of how many values."""
    if interval.low is None:
        return f"one value: {number(interval.point)} ns"
    kind = "95 % CI" if interval.kind == "95 %" else "range"
    return f"{kind} {number(interval.low)} to {number(interval.high)} ns, n={interval.n}"
