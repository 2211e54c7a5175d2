# SPDX-License-Identifier: MIT
"""Per class of contract, which row of a run is the fastest: a scheme of this project or a peer, and by how much."""
from dataclasses import dataclass

from . import contract, stats, style
from .claims import ratio_of
from .figures import pairs
from .row import NOT_ENOUGH, OK
from .words import counted, number

CLOSE = 0.05  # a peer that is not faster by more than this is no peer that is faster
HOW = ("Pairs of one shared live object that the same thread gets and puts; medians over processes of this run. The order is that of the "
       "multiples of `plain`, which each trial measures itself, so that a clock that changes between trials cancels. `ratio` is to the "
       "fastest scheme of this project in the class, of the geometric means of these multiples, with its 95 % interval.")
NO_PEERS = "This run has no peers; `scripts/run --peers` measures the schemes of other projects with the schemes of this one."


@dataclass(frozen=True)
class Place:
    """One row of a class: its pair, and how it compares with the fastest own scheme."""

    scheme: str
    peer: bool
    in_session: bool
    ns: stats.Interval
    to_plain: float | None
    ratio: float | None  # to the fastest own scheme; None for that one, and where there is none
    bounds: tuple | None


def _multiples(row):
    """The row's pairs as multiples of `plain`, one per process; nanoseconds where no trial measured it."""
    return row.ratios("plain") or row.values


def _ratio(row, own):
    """(ratio, bounds) of a row to the fastest own one; bounds are None where a process count is below the least."""
    if own is None or row is own:
        return None, None
    samples = _multiples(row), _multiples(own)
    if min(map(len, samples)) < stats.LEAST_FOR_CONFIDENCE:
        return stats.median(samples[0]) / stats.median(samples[1]), None
    found = ratio_of(*samples)
    return found.ratio, (found.low, found.high)


def places(results, kind, threads):
    """The measured rows of one class with so many threads, the fastest first."""
    rows = [row for row in pairs.basic_rows(results)
            if row.threads == threads and row.verdict in (OK, NOT_ENOUGH) and row.values
            and contract.class_of(results.schemes[row.scheme]) == kind]
    rows.sort(key=lambda row: (stats.median(_multiples(row)), row.scheme))
    own = next((row for row in rows if not contract.is_peer(results.schemes[row.scheme])), None)
    found = []
    for row in rows:
        ratio, bounds = _ratio(row, own)
        found.append(Place(row.scheme, contract.is_peer(results.schemes[row.scheme]), row.in_session, stats.interval(row.values),
                           stats.median(row.ratios("plain")) if row.ratios("plain") else None, ratio, bounds))
    return found


def faster_peers(found):
    """Peers that are faster than every own scheme of the class by more than CLOSE, as far as the interval tells."""
    return [place for place in found if place.peer and place.ratio is not None
            and (place.bounds[1] if place.bounds else place.ratio) < 1.0 - CLOSE]


def _bounds(place):
    return f" (95 % {number(place.bounds[0])} to {number(place.bounds[1])})" if place.bounds else ""


def sentence(found, threads):
    """Which row is the fastest, and how the best own scheme and the best peer compare."""
    own = next((place for place in found if not place.peer), None)
    peer = next((place for place in found if place.peer), None)
    first = found[0]
    words = f"With {counted(threads, 'thread')} the fastest row is {name(first)}, {number(first.ns.point)} ns"
    if own is None or peer is None:
        return f"{words}; no {'peer' if peer is None else 'scheme of this project'} of this class was measured."
    words += f"; the fastest peer, {peer.scheme}, takes {number(peer.ratio)} times as long as the fastest own scheme, {own.scheme}{_bounds(peer)}"
    if peer.bounds and peer.bounds[0] <= 1.0 <= peer.bounds[1]:
        words += ": not separated"
    return f"{words}."


def name(place):
    return style.scheme(place.scheme).label + (" †" if place.in_session else "")


def table(results):
    """What the report shows: a table and a sentence per class and number of threads, and None or why there is no peer."""
    counts = sorted({row.threads for row in pairs.basic_rows(results)})
    classes = []
    for kind, meaning in contract.CLASSES.items():
        parts = []
        for threads in dict.fromkeys(counts[:1] + counts[-1:]):
            found = places(results, kind, threads)
            if found:
                parts.append({"threads": counted(threads, "thread"), "shows": sentence(found, threads), "rows": [
                    {"name": name(place), "peer": place.peer, "ns": place.ns.text(),
                     "to_plain": "-" if place.to_plain is None else number(place.to_plain),
                     "ratio": "1" if place.ratio is None else f"{number(place.ratio)}{_bounds(place)}"} for place in found]})
        if parts:
            classes.append({"kind": kind, "meaning": meaning, "parts": parts})
    session = any(row.in_session for row in pairs.basic_rows(results))
    return {"classes": classes, "how": HOW, "session": session,
            "missing": None if any(map(contract.is_peer, results.schemes.values())) else NO_PEERS}
