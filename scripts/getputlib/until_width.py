# SPDX-License-Identifier: MIT
"""`getput run --until-width`: further rounds of the cells whose 95 % interval is still too wide.

The width is a half-width: of what a reference level adds to a packet (netpath), else of ns per
operation. The rounds are appended to plan.json, so that --resume and validate know them.
"""
import random
from collections import Counter
from dataclasses import dataclass

from . import power, stats
from .plan import BATCH_CELLS, one_round
from .results import Results

MOST_TRIALS = 200  # per cell, where --max-trials is not given
LARGEST_STEP = 0.5  # of the trials that are there: the spread is an estimate, too


@dataclass(frozen=True)
class Width:
    """A half-width in ns, or as a share of the value."""

    value: float
    relative: bool

    @classmethod
    def parse(cls, text):
        """`1ns` or `2%`, as cli.width accepts it."""
        relative = text.endswith("%")
        value = float(text.removesuffix("%").removesuffix("ns"))
        return cls(value / 100.0 if relative else value, relative)

    def limit(self, point):
        return self.value * abs(point) if self.relative else self.value


@dataclass(frozen=True)
class Wide:
    """A cell whose interval is too wide, and the trials that it needs by what is known so far."""

    cell: str
    half: float | None  # None: too few values for an interval
    n: int
    needed: int

    def text(self):
        return f"{self.cell}: " + (f"{self.n} values" if self.half is None else f"half-width {self.half:.2f} ns, n={self.n}")


def _wide(row, width):
    values = row.added() if row.workload == "netpath" else row.values
    found = stats.interval(values)
    if found.kind != stats.CONFIDENT:
        return Wide(row.cell["name"], None, len(values), stats.LEAST_FOR_CONFIDENCE)
    half, limit = (found.high - found.low) / 2.0, width.limit(found.point)
    if half <= limit:
        return None
    return Wide(row.cell["name"], half, len(values), max(len(values) + 1, power.trials_for_width(values, limit)))


def too_wide(path, width):
    """[Wide] of the measured cells of a results directory, the widest first; neither WRONG nor crashed cells."""
    rows = [row for row in Results.load(path).rows if row.cell["possible"] and row.available and row.wrong is None and row.crash is None]
    found = [wide for row in rows if (wide := _wide(row, width))]
    return sorted(found, key=lambda wide: (wide.half is not None, -(wide.half or 0.0), wide.cell))


def extend(plan, wide, most):
    """Appends rounds of these cells to a plan, as far as `most` trials per cell allow; the number of new trials."""
    there = Counter(entry["cell"] for entry in plan["trials"])
    open_cells = {entry.cell: entry for entry in wide if there[entry.cell] < most}
    if not open_cells:
        return 0
    known = {cell["name"]: cell for cell in plan["run"]["cells"]}
    chance = random.Random(f"{plan['seed']} {len(plan['trials'])}")
    target = {name: min(most, max(entry.needed, there[name] + 1), there[name] + max(1, int(LARGEST_STEP * there[name])))
              for name, entry in open_cells.items()}
    before = len(plan["trials"])
    while left := [known[name] for name in sorted(target) if there[name] < target[name]]:
        for batch in one_round(left, 0, chance, plan["run"].get("batch_cells", BATCH_CELLS)):
            plan["trials"] += [{"cell": name, "trial": there[name]} for name, _ in batch]
            plan["run"]["batches"].append(len(batch))
            there.update(name for name, _ in batch)
    return len(plan["trials"]) - before


def line(wide, text):
    """What is still too wide, in one line."""
    return f"{len(wide)} cells are still wider than {text}, for example {wide[0].text()}"
