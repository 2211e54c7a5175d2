# SPDX-License-Identifier: MIT
"""`getput summary --self-test`: does the method find L5 + L6 = L7, three measurements of the same references?

Each scheme is judged by Welch's t tests of process values. HELD is an equivalence test: the 90 %
interval of the gap lies within the tolerance. FAILED and NESTS are corrected after Holm for the
number of schemes and settings in the run; what is neither is CANNOT_TELL.

A scheme NESTS when L7 costs less than L5 alone, although it takes more references: the one that a
packet buffer holds makes the next ones cheaper (nested sections need no fence, a tree is climbed
already). No error of the method that adds to a level can do that, so the run itself tells such
schemes and no list names them. They are left out. A control counts nothing that could nest.

null_controls() is what the test can tell at all: `none` against `none` in other processes of the run.
"""
from dataclasses import dataclass

from . import headline, setting, stats
from .levels import BASELINE, SUM
from .row import added_of

TOLERANCE_NS, TOLERANCE_SHARE = 1.5, 0.08  # of L5 + L6 = L7
ALPHA = 1.0 - stats.CONFIDENCE
HELD, FAILED, CANNOT_TELL, NESTS = "held", "failed", "cannot tell", "nests"
LEAST_HALF = 3  # processes in a half of `none`


@dataclass(frozen=True)
class SelfTest:
    """L5 + L6 against L7 of one scheme, in ns per packet; and what its pairs predict."""

    scheme: str
    threads: int
    place: str
    fixed: dict  # the setting
    levels: dict  # {level: ns}
    gap: stats.Interval | None  # L5 + L6 - L7
    tolerance_ns: float | None
    p: float | None  # of "the gap is within the tolerance", corrected
    verdict: str | None  # None where a level is missing
    path_to_pairs: float | None  # what L7 adds over gets x isolated pair
    l3_computed_ns: float | None  # gets at level 3 x the price of a pair in the path


@dataclass(frozen=True)
class NullControl:
    """`none` at a level in every second process of a run, less `none` in the other processes: 0 by construction."""

    level: str
    threads: int
    place: str
    fixed: dict
    split: stats.Interval

    @property
    def floor_ns(self):
        """A difference up to here is not told from none."""
        return max(abs(bound) for bound in self.split.bounds)


class _Sum:
    """The three levels of one scheme as samples, with the p-values before correction."""

    def __init__(self, rows, control):
        samples = {level: rows[level].by_process(added_of) for level in SUM}
        terms = [(1.0, samples["L5"]), (1.0, samples["L6"]), (-1.0, samples["L7"])]
        self.gap = stats.sum_of(terms)
        self.tolerance = max(TOLERANCE_NS, TOLERANCE_SHARE * abs(stats.median(list(samples["L7"].values()))))
        self.told = min(map(len, samples.values())) >= 2
        self.failing = self.nesting = 1.0
        if self.told:
            self.difference = stats.Difference.sum_of(terms)
            above, below = (shifted.p_below() for shifted in (self._beyond(-1.0), self._beyond(1.0)))
            self.failing = min(1.0, 2.0 * min(above, below))
            if not control:
                saved = stats.Difference.sum_of([(1.0, samples["L7"]), (-1.0, samples["L5"])])
                self.nesting = saved.p_below(-self.tolerance)

    def _beyond(self, side):
        """How far the gap is from the tolerance on one side; surely below 0 when it is beyond."""
        point = side * self.difference.point + self.tolerance
        return stats.Difference(point, self.difference.error, self.difference.freedom)

    def verdict(self, failing, nesting):
        """The verdict by the corrected p-values."""
        if nesting < ALPHA:
            return NESTS
        if failing < ALPHA:
            return FAILED
        if not self.told:
            return CANNOT_TELL
        low, high = self.difference.bounds(1.0 - 2.0 * ALPHA)
        return HELD if -self.tolerance < low and high < self.tolerance else CANNOT_TELL


def _ratio(top):
    """What L7 adds over the price of as many isolated pairs; None where either is missing."""
    if not top or not top.minus_none or not top.pairs_per_packet or not top.isolated_ns:
        return None
    return top.minus_none.point / (top.pairs_per_packet * top.isolated_ns)


def _l3_gets(results):
    """{group: references taken per packet at level 3}, counted by the cell of level 0."""
    found = {}
    for row in results.of("netpath", level=BASELINE):
        for trial in row.kept:
            metrics = trial["metrics"]
            gets = (metrics.get("pairs_of_computed_levels") or {}).get("L3", metrics.get("gets_l3_per_packet"))
            if gets is not None:
                found.setdefault(headline.group_of(row), gets)
    return found


def _l3_computed(lines, gets):
    prices = [lines[level].slope_ns for level in reversed(SUM) if level in lines and lines[level].slope_ns is not None]
    return gets * prices[0] if gets is not None and prices else None


def run(results):
    """A SelfTest for each scheme, setting and number of workers of which L5, L6 or L7 was measured."""
    lines, rows = {}, {row.cell["name"]: row for row in headline.measured(results)}
    for one in headline.table(results):
        if one.level in SUM:
            lines.setdefault((one.group, one.scheme), {})[one.level] = one
    sums = {key: _Sum({level: rows[one.cell] for level, one in own.items()}, results.schemes[key[1]]["control"])
            for key, own in lines.items() if len(own) == len(SUM)}
    corrected = [dict(zip(sums, stats.holm([getattr(found, name) for found in sums.values()]))) for name in ("failing", "nesting")]
    gets = _l3_gets(results)
    return [_one(key, own, sums.get(key), [p.get(key) for p in corrected], gets.get(key[0])) for key, own in lines.items()]


def _one(key, lines, found, corrected, gets):
    (threads, place, fixed), scheme = key
    return SelfTest(
        scheme, threads, place, dict(fixed), {level: one.added.point for level, one in lines.items()},
        found and found.gap, found and found.tolerance, corrected[0], found and found.verdict(*corrected),
        _ratio(lines.get("L7")), _l3_computed(lines, gets))


def null_controls(results):
    """A NullControl for each level, setting and number of workers of `none` with enough processes to split.

    The halves are every second process, so that what drifts during a run meets both alike.
    """
    found = []
    for row in headline.measured(results):
        values = row.added()
        if row.scheme == headline.REFERENCE and row.params.get("level") != BASELINE and len(values) >= 2 * LEAST_HALF:
            found.append(NullControl(row.params["level"], row.threads, row.place, dict(setting.of(row)),
                                     stats.difference(values[0::2], values[1::2])))
    return sorted(found, key=lambda one: (setting.rank(tuple(one.fixed.items())), str(one.fixed), one.threads, one.place,
                                          results.levels.key(one.level)))


def decisive(tests):
    """The tests that fail or pass a run: those of one worker, whose references no other worker slows down."""
    return [test for test in tests if test.threads == 1 and test.verdict]


def failed(tests):
    return [test for test in decisive(tests) if test.verdict == FAILED]
