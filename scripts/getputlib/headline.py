# SPDX-License-Identifier: MIT
"""The headline: what references add to one packet, as data, and the self-tests of that number.

`added` is what a packet costs beyond level 0 of the same trial. `minus_none` is that less what the
scheme `none`, which counts nothing, adds at the same level: the code for carrying a ticket, and most
of the bias of code layout, cancel. It is the headline where `none` was measured.
"""
import math
from dataclasses import dataclass

from . import stats

SPEEDS_GBE = (10, 25, 100, 400)
FRAME_OVERHEAD_BYTES = 20  # preamble, start delimiter and inter-frame gap, RFC 5180 appendix A
BASELINE, REFERENCE = "L0", "none"
SELF_TEST_LEVELS = ("L5", "L6", "L7")
TOLERANCE_NS, TOLERANCE_SHARE = 1.5, 0.08  # of L5 + L6 = L7
HELD, FAILED, CANNOT_TELL = "held", "failed", "cannot tell"


def budget_ns(gigabits, frame_bytes):
    """Time between frames of one port at line rate, one direction."""
    return (frame_bytes + FRAME_OVERHEAD_BYTES) * 8.0 / gigabits


@dataclass(frozen=True)
class Added:
    """What a scheme adds to one packet at one level; nanoseconds per packet of one worker."""

    scheme: str
    level: str
    threads: int
    place: str
    fixed: dict  # the other parameters of the cell
    cell: str
    added: stats.Interval
    minus_none: stats.Interval | None
    base_ns: float | None  # the packet at level 0, measured in turn
    pairs_per_packet: float | None
    slope_ns: float | None  # ns per pair in the path
    isolated_ns: float | None  # ns per pair as the workload pairs measures it
    budget: dict  # {Gbit/s: share of the time per frame of this input}; empty where the input is unknown
    frame_bytes: float | None
    copy_sd_ns: float | None
    safe: bool
    control: bool
    resolved: bool  # `net` excludes 0 at 95 % and exceeds level 0 against itself, which was measured

    @property
    def net(self):
        """The headline: `minus_none`, or `added` where `none` was not measured."""
        return self.minus_none or self.added


def _group(row):
    """What two rows have to share to be subtracted from each other: everything but scheme and level."""
    fixed = {key: value for key, value in row.params.items() if key not in ("level", "threads")}
    return row.threads, row.place, tuple(fixed.items())


def _shown(results):
    return [row for row in results.of("netpath") if row.kept and row.shown and row.added()]


def resolution(results):
    """{(threads, place, other parameters): ns}: the worst bound of level 0 against itself, the A/A control of the run.

    A group without such a control, or with a single value of it, is not in the dictionary.
    """
    worst = {}
    for row in _shown(results):
        if row.params.get("level") == BASELINE:
            for bound in filter(None, stats.interval(row.added()).bounds):
                worst[_group(row)] = max(worst.get(_group(row), 0.0), abs(bound))
    return worst


def isolated_pair(results, scheme, threads, place):
    """Median ns of a pair of one live object, shared by all threads, put by the thread that got it; None if not measured."""
    plain = {"object": "shared", "objects": 1, "hold_ns": 0, "put": "same", "state": "live"}
    found = [row for row in results.of("pairs", threads=threads) if row.scheme == scheme and row.shown and row.place == place
             and all(row.params.get(key, value) == value for key, value in plain.items())]
    return stats.median(found[0].values) if found else None


def _frame_bytes(row):
    source = row.kept[-1]["metrics"].get("input") or {}
    frames, wire = source.get("frames"), source.get("wire_bytes")
    return wire / frames if frames and wire else None


def _base_ns(row):
    if (base := row.difference("baseline_ns")) is not None:
        return base
    return stats.median(row.metric("l0_ns"))


def _one(results, row, none, resolves):
    added = stats.interval(row.added())
    minus_none = stats.difference(none.added(), row.added()) if none is not None and row.scheme != REFERENCE else None
    net, frame = minus_none or added, _frame_bytes(row)
    pairs = stats.median(row.metric("pairs_per_packet"))
    entry = results.schemes[row.scheme]
    return Added(
        scheme=row.scheme, level=row.params["level"], threads=row.threads, place=row.place, fixed=dict(_group(row)[2]),
        cell=row.cell["name"], added=added, minus_none=minus_none, base_ns=_base_ns(row), pairs_per_packet=pairs,
        slope_ns=minus_none.point / pairs if pairs and minus_none else None,
        isolated_ns=isolated_pair(results, row.scheme, row.threads, row.place),
        budget={speed: net.point / budget_ns(speed, frame) for speed in SPEEDS_GBE} if frame else {}, frame_bytes=frame,
        copy_sd_ns=row.difference("copy_sd_ns"), safe=entry["safe"], control=entry["control"],
        resolved=net.excludes(0.0) and abs(net.point) > resolves,
    )


def table(results):
    """A list of Added for every scheme, level and number of workers with measured differences; level 0 is not among them.

    Ordered by workers, place, level (the highest first) and cost.
    """
    rows = _shown(results)
    nones = {(_group(row), row.params["level"]): row for row in rows if row.scheme == REFERENCE}
    resolves = resolution(results)
    found = [_one(results, row, nones.get((_group(row), row.params["level"])), resolves.get(_group(row), math.inf))
             for row in rows if row.params.get("level") not in (None, BASELINE)]
    found.sort(key=lambda one: (one.added.point, one.scheme))
    found.sort(key=lambda one: one.level, reverse=True)
    return sorted(found, key=lambda one: (one.threads, one.place, str(one.fixed)))


@dataclass(frozen=True)
class SelfTest:
    """L5 + L6 against L7 of one scheme, in ns per packet; and what its pairs predict."""

    scheme: str
    threads: int
    place: str
    levels: dict  # {level: ns}
    gap: stats.Interval | None  # L5 + L6 - L7
    tolerance_ns: float | None
    verdict: str | None  # None where a level is missing
    path_to_pairs: float | None  # what L7 adds over gets x isolated pair
    l3_computed_ns: float | None  # gets at level 3 x the price of a pair in the path


def _self_test(scheme, group, lines, l3_gets):
    """The SelfTest of one scheme from its Added by level."""
    levels = {level: lines[level].added.point for level in SELF_TEST_LEVELS if level in lines}
    gap = tolerance = verdict = None
    if len(levels) == len(SELF_TEST_LEVELS):
        gap = stats.combination([(1.0, lines["L5"].added), (1.0, lines["L6"].added), (-1.0, lines["L7"].added)])
        tolerance = max(TOLERANCE_NS, TOLERANCE_SHARE * abs(levels["L7"]))
        verdict = _judge(gap, tolerance)
    top = lines.get("L7")
    ratio = None
    if top and top.minus_none and top.pairs_per_packet and top.isolated_ns:
        ratio = top.minus_none.point / (top.pairs_per_packet * top.isolated_ns)
    price = next((lines[level].slope_ns for level in sorted(lines, reverse=True) if lines[level].slope_ns is not None), None)
    computed = l3_gets * price if l3_gets is not None and price is not None else None
    return SelfTest(scheme, group[0], group[1], levels, gap, tolerance, verdict, ratio, computed)


def _judge(gap, tolerance):
    """Held within the tolerance; failed when the whole interval lies outside; else this run cannot tell."""
    if abs(gap.point) <= tolerance:
        return HELD
    outside = gap.kind == stats.CONFIDENT and (gap.low > tolerance or gap.high < -tolerance)
    return FAILED if outside else CANNOT_TELL


def _l3_gets(results):
    """{group: references taken per packet at level 3}, counted by the cell of level 0."""
    found = {}
    for row in results.of("netpath", level=BASELINE):
        if (gets := stats.median(row.metric("gets_l3_per_packet"))) is not None:
            found.setdefault(_group(row), gets)
    return found


def self_test(results):
    """A SelfTest for each scheme and number of workers of which a charged level was measured."""
    by_scheme = {}
    for one in table(results):
        group = (one.threads, one.place, tuple(one.fixed.items()))
        by_scheme.setdefault((group, one.scheme), {})[one.level] = one
    gets = _l3_gets(results)
    return [_self_test(scheme, group, lines, gets.get(group)) for (group, scheme), lines in by_scheme.items()]


def failed(tests):
    """The self-tests that fail the run: L5 + L6 is not L7 for a scheme that no other worker slows down."""
    return [test for test in tests if test.threads == 1 and test.verdict == FAILED]
