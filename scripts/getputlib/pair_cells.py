# SPDX-License-Identifier: MIT
"""Which cells of pairs are compared, and what a pair adds to other work. Needs no drawing."""
from dataclasses import dataclass

from . import stats

# The parameters of a basic cell. A cell that lacks a key, as in runs of older binaries, has this value of it.
BASIC = {"object": "shared", "objects": 1, "hold_ns": 0, "put": "same", "state": "live", "inside": "none"}
INSIDE = "inside other work"


def is_basic(row, **changed):
    """True for a cell of pairs with the basic parameters, except for those that are `changed`."""
    return row.workload == "pairs" and all(
        row.params.get(key, BASIC[key]) == value for key, value in {**BASIC, **changed}.items())


def rows_of(results, **changed):
    """(rows, place): the cells of is_basic(), of the first placement that was measured."""
    rows = [row for row in results.rows if is_basic(row, **changed)]
    places = [row.place for row in rows if row.shown] or [None]
    return [row for row in rows if row.place == places[0]], places[0]


@dataclass(frozen=True)
class Inside:
    """What a pair of one scheme adds to a thread that executes the chain: in ns, and as a multiple of the chain's own time."""

    row: object
    added: stats.Interval
    share: stats.Interval

    @property
    def texts(self):
        return self.added.text(_hundredths), self.share.text(_hundredths)


def _hundredths(value):
    """Two decimals: differences around 0 have no significant digits."""
    return f"{value:z.2f}"


def _share_of(trial):
    difference = trial.get("difference")
    return difference["ns"] / difference["baseline_ns"] if difference else None


def inside(results):
    """{scheme: Inside} of one thread; empty for a run without such cells, which older binaries have not."""
    rows = [row for row in rows_of(results, inside="chain")[0] if row.threads == 1 and row.shown and row.added()]
    return {row.scheme: Inside(row, stats.interval(row.added()), stats.interval(row.per_process(_share_of))) for row in rows}


def inside_words(found):
    """What the column is, and why it is there; nothing for a run without it."""
    if not found:
        return ""
    rows = [one.row for one in found.values()]
    count = rows[0].kept[0]["metrics"].get("chain_multiplications")
    chain = stats.median([row.difference("baseline_ns") for row in rows])
    return (f"Inside other work is what a pair adds to a thread that executes a chain of {f'{count} ' if count else ''}dependent "
            f"multiplications ({chain:.1f} ns here) while it holds the reference. Back to back, a pair waits for the stores of the pair "
            "before it, which ranks the cheap schemes by store forwarding alone; a thread that does other work does not wait for them.")
