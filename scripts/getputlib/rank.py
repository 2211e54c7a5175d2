# SPDX-License-Identifier: MIT
"""Which schemes add the least to a packet: a statement that names a winner only where the data separate one from all others."""
from . import stats, style
from .words import counted, number


def cheapest(path, level, threads):
    """Entries that may be the cheapest removable, safe scheme; one entry is a winner, several are a tie.

    With fewer than 6 values the test separates nothing; entries whose ranges overlap the lowest one are the tie then.
    """
    able = {entry.scheme: entry for entry in path.at(level, threads)
            if entry.safe and path.results.schemes[entry.scheme].get("removal")}
    samples = path.samples(level, threads)
    tied = [able[name] for name in stats.best_subset({name: samples[name] for name in able})]
    lowest = min(tied, key=lambda entry: entry.net.point, default=None)
    if lowest is None or lowest.net.kind != stats.RANGE:
        return tied
    return [entry for entry in tied if entry.net.low is None or entry.net.low <= lowest.net.high]


def separated(entries):
    """False where a set of one is not a winner: ranges of a few values separate nothing."""
    return len(entries) == 1 and entries[0].net.kind == stats.CONFIDENT


def between(entries):
    """The points of several entries as `13 to 17`, or one number."""
    low, high = (number(extreme(entry.net.point for entry in entries)) for extreme in (min, max))
    return low if low == high else f"{low} to {high}"


def names(entries, most=4):
    shown = ", ".join(style.scheme(entry.scheme).label for entry in entries[:most])
    return shown + (f" and {len(entries) - most} more" if len(entries) > most else "")


def sentence(path, level, threads):
    """Who is cheapest and who is most expensive, with ties and unresolved differences named as such."""
    entries = [entry for entry in path.at(level, threads) if entry.safe]
    if not entries:
        return f"No scheme that protects a module was measured at {path.name(level)}."
    where = f" ({path.words})" if path.words else ""
    words = f"With {counted(threads, 'worker')} at {path.name(level)}{where}, "
    best, last = cheapest(path, level, threads), entries[-1]
    if separated(best):
        words += f"{style.scheme(best[0].scheme).label} is the cheapest scheme and {path.adds(best[0])}"
    elif best:
        words += f"this run does not separate the cheapest: {names(best)}, {between(best)} ns"
    if best and last.scheme not in {entry.scheme for entry in best}:
        words += f"; the most expensive, {style.scheme(last.scheme).label}, {path.adds(last)}"
    return words + "."
