# SPDX-License-Identifier: MIT
"""What the figures of the packet path are made of: rows by scheme and charge level, what a level adds, line-rate budgets."""
from .base import stats

LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7")
MEANING = {
    "L0": "never", "L1": "register", "L2": "open", "L3": "objects", "L4": "dev_hold", "L5": "each use", "L6": "sk_buffs",
    "L7": "both",
}
FRAME_OVERHEAD_BYTES = 20  # preamble, start delimiter and inter-frame gap, RFC 5180 appendix A
FRAMES = {"64 B": 64.0, "IMIX": (7 * 64 + 4 * 570 + 1518) / 12.0}
SPEEDS_GBE = (10, 25, 100)


def budget_ns(gigabits, frame_bytes):
    """Time between frames of one port at line rate, one direction."""
    return (frame_bytes + FRAME_OVERHEAD_BYTES) * 8.0 / gigabits


def by_level(rows):
    """{scheme: {level: row}} of the rows that may be drawn."""
    lines = {}
    for row in rows:
        if row.shown and row.params.get("level") in LEVELS:
            lines.setdefault(row.scheme, {})[row.params["level"]] = row
    return lines


def _paired(row):
    """Whether enough trials timed level 0 in turn for a median with an interval."""
    return len(row.added()) > 1


def added_ns(line, level):
    """Median ns that a level adds: to the level 0 of the same trials, or, where a trial has none, of other trials."""
    if level in line and _paired(line[level]):
        return stats.median(line[level].added())
    if "L0" not in line or level not in line:
        return None
    return stats.median(line[level].values) - stats.median(line["L0"].values)


def added_interval(line, level):
    """95 % interval of what a level adds. At L0 itself it shows what the method can resolve."""
    if _paired(line[level]):
        return stats.median_interval(line[level].added())
    if level == "L0":
        return 0.0, 0.0
    return stats.median_difference_interval(line["L0"].values, line[level].values)


def levels_of(lines):
    return [level for level in LEVELS if any(level in line for line in lines.values())]
