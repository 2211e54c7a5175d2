# SPDX-License-Identifier: MIT
"""The headline: what references add to one packet, as data.

`added` is what a packet costs beyond level 0 of the same trial. `minus_none` is that less what the
scheme `none`, which counts nothing, adds at the same level in the same setting: the code for carrying
a ticket, and most of the bias of code layout, cancel. It is the headline where `none` was measured.
Processes that measured both cells give one difference each; where the processes are not the same, the
difference is that of two independent samples. (Pairing by round instead was tried on reports/reference:
the rounds have next to nothing in common, and 65 of 138 intervals became narrower, 73 wider.)
"""
import math
from dataclasses import dataclass

from . import setting, stats
from .levels import BASELINE
from .pair_cells import is_basic
from .row import added_of

SPEEDS_GBE = (10, 25, 100, 400)
FRAME_OVERHEAD_BYTES = 20  # preamble, start delimiter and inter-frame gap, RFC 5180 appendix A
REFERENCE = "none"


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
    fixed: dict  # the other parameters of the cell: its setting
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

    @property
    def setting(self):
        """The other parameters of the cell, as setting.py takes them."""
        return tuple(self.fixed.items())

    @property
    def group(self):
        """What two entries have to share to be subtracted from each other."""
        return self.threads, self.place, self.setting


def group_of(row):
    """What two rows have to share to be subtracted from each other: everything but scheme and level."""
    return row.threads, row.place, setting.of(row)


def measured(results):
    """The rows of netpath that have differences to level 0."""
    return [row for row in results.of("netpath") if row.kept and row.shown and row.added()]


def resolution(results):
    """{(threads, place, other parameters): ns}: the worst bound of level 0 against itself, the A/A control of the run.

    A group without such a control, or with a single value of it, is not in the dictionary.
    """
    worst = {}
    for row in measured(results):
        if row.params.get("level") == BASELINE:
            for bound in filter(None, stats.interval(row.added()).bounds):
                worst[group_of(row)] = max(worst.get(group_of(row), 0.0), abs(bound))
    return worst


def bound_of(bounds, group):
    """The resolution() of a group; None where no control of its workers and path was measured.

    Level 0 is measured against itself once for each path. A setting that differs in what a packet does
    besides (free, work, raw, steering) has that control: the two arms of its level 0 run the same code.
    """
    if group in bounds:
        return bounds[group]
    same = [bound for other, bound in bounds.items() if other[:2] == group[:2] and setting.same_path(other[2], group[2])]
    return max(same, default=None)


def isolated_pair(results, scheme, threads, place):
    """Median ns of a pair of one live object, shared by all threads, put by the thread that got it; None if not measured."""
    found = [row for row in results.rows
             if (row.threads, row.scheme, row.place) == (threads, scheme, place) and row.shown and is_basic(row)]
    return stats.median(found[0].values) if found else None


def _frame_bytes(row):
    source = row.kept[-1]["metrics"].get("input") or {}
    frames, wire = source.get("frames"), source.get("wire_bytes")
    return wire / frames if frames and wire else None


def _base_ns(row):
    if (base := row.difference("baseline_ns")) is not None:
        return base
    return stats.median(row.metric("l0_ns"))


def _minus(row, none):
    """`minus_none` of a row; None for `none` itself, and where `none` was not measured."""
    if none is None or row.scheme == REFERENCE:
        return None
    return stats.sum_of([(-1.0, none.by_process(added_of)), (1.0, row.by_process(added_of))])


def _one(results, row, none, resolves):
    added, minus_none = stats.interval(row.added()), _minus(row, none)
    net, frame = minus_none or added, _frame_bytes(row)
    pairs = stats.median(row.metric("pairs_per_packet"))
    entry = results.schemes[row.scheme]
    return Added(
        scheme=row.scheme, level=row.params["level"], threads=row.threads, place=row.place, fixed=dict(group_of(row)[2]),
        cell=row.cell["name"], added=added, minus_none=minus_none, base_ns=_base_ns(row), pairs_per_packet=pairs,
        slope_ns=minus_none.point / pairs if pairs and minus_none else None,
        isolated_ns=isolated_pair(results, row.scheme, row.threads, row.place),
        budget={speed: net.point / budget_ns(speed, frame) for speed in SPEEDS_GBE} if frame else {}, frame_bytes=frame,
        copy_sd_ns=row.difference("copy_sd_ns"), safe=entry["safe"], control=entry["control"],
        resolved=net.excludes(0.0) and abs(net.point) > resolves,
    )


def _resolves(bounds, row):
    bound = bound_of(bounds, group_of(row))
    return math.inf if bound is None else bound


def table(results):
    """A list of Added for every scheme, level and number of workers with measured differences; level 0 is not among them.

    Ordered by setting (what figures show first), workers, place, level (those of the answer first) and cost.
    """
    rows = measured(results)
    nones = {(group_of(row), row.params["level"]): row for row in rows if row.scheme == REFERENCE}
    resolves = resolution(results)
    found = [_one(results, row, nones.get((group_of(row), row.params["level"])), _resolves(resolves, row))
             for row in rows if row.params.get("level") not in (None, BASELINE)]
    return sorted(found, key=lambda one: (
        setting.rank(one.setting), str(one.fixed), one.threads, one.place, results.levels.headline_key(one.level), one.added.point,
        one.scheme))
