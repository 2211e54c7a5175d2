# SPDX-License-Identifier: MIT
"""Which schemes add the least to a packet: a statement that names a winner only where the data separate one from all others."""
from . import stats, style
from .figures.charge import MEANING, adds
from .words import counted, number


def cheapest(path, level, threads):
    """Entries that may be the cheapest removable, safe scheme; one entry is a winner, several are a tie."""
    able = {entry.scheme: entry for entry in path.at(level, threads)
            if entry.safe and path.results.schemes[entry.scheme].get("removal")}
    samples = path.samples(level, threads)
    return [able[name] for name in stats.best_subset({name: samples[name] for name in able})]


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
        return f"No scheme that protects a module was measured at {level}."
    words = f"With {counted(threads, 'worker')} at {level} ({MEANING[level]}), "
    best, last = cheapest(path, level, threads), entries[-1]
    if len(best) == 1:
        words += f"{style.scheme(best[0].scheme).label} is the cheapest scheme and {adds(best[0])}"
    elif best:
        words += f"{len(best)} schemes tie for the cheapest ({names(best)}): {between(best)} ns, not separated by this run"
    if best and last.scheme not in {entry.scheme for entry in best}:
        words += f"; the most expensive, {style.scheme(last.scheme).label}, {adds(last)}"
    return words + "."
