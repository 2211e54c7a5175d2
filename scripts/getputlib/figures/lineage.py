# SPDX-License-Identifier: MIT
"""What each generation of the kernel counted its modules with, and what a pair costs with it: one bar per generation."""
from ..contract import release_key
from .base import Figure, bars, cannot_show, label_of, names_of, number, plain_number_axis, stats, style, subplots, whisker
from .pairs import basic_rows


def generations(results):
    """[(generation, scheme name)] in the order of the kernel's history."""
    found = [(scheme["generation"], name) for name, scheme in results.schemes.items() if scheme.get("generation")]
    return sorted(found, key=lambda pair: (release_key(pair[0]), pair[1]))


def estimate(row):
    """The median of the processes' ratios to `plain`, with its interval; None where there is no such ratio."""
    ratios = row.ratios("plain") if row is not None and row.shown else []
    return stats.interval(ratios) if ratios else None


def _bar(axes, row, position, hollow):
    """A bar from 1, which is `plain`, to the ratio, with its interval; or the word that stands for it."""
    ratio = estimate(row)
    if ratio is None:
        words = row.verdict if row is not None and not row.shown else "not measured"
        axes.annotate(words, (1.01, position), xycoords=("axes fraction", "data"), va="center", fontsize=7.0,
                      color="#B00020" if words == "WRONG" else "#777777")
        return
    look = style.scheme(row.scheme)
    axes.barh(position, ratio.point - 1.0, left=1.0, height=0.36, color="white" if hollow else look.color, edgecolor=look.color,
              linewidth=1.0, zorder=2)
    whisker(axes, position, ratio, "#222222")
    axes.annotate(f"{number(ratio.point)}×", (1.01, position), xycoords=("axes fraction", "data"), va="center", fontsize=7.5)


def _label(results, generation, name):
    return f"{generation}\n{label_of(results, name)}"


def _draw(results, order, rows, counts):
    figure, axes = subplots(height=1.1 + 0.42 * len(order))
    for position, (_, name) in enumerate(order):
        for shift, threads in zip((-0.2, 0.2) if len(counts) > 1 else (0.0,), counts):
            _bar(axes, rows.get((name, threads)), position + shift, hollow=threads == counts[0] and len(counts) > 1)
    axes.axvline(1.0, color=style.control("plain").color, linewidth=0.9, zorder=1)
    axes.set_yticks(range(len(order)), [_label(results, *pair) for pair in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xscale("log")
    ratios = [ratio for row in rows.values() if (ratio := estimate(row)) is not None]
    ends = [bound for ratio in ratios for bound in (ratio.point, *ratio.bounds) if bound]
    axes.set_xlim(min([0.8, *ends]) / 1.1, max([2.0, *ends]) * 1.2)
    plain_number_axis(axes.xaxis)
    axes.grid(axis="y", visible=False)
    words = "one thread" if len(counts) == 1 else f"hollow: one thread; filled: {counts[-1]} threads on one object"
    axes.set_xlabel(f"a pair as a multiple of the control `plain` (median; logarithmic)\n{words}")
    return figure


def _sentence(order, rows, counts):
    kernels = [(generation, estimate(rows.get((name, counts[-1])))) for generation, name in order
               if release_key(generation)[0] == 0]
    known = [(generation, ratio) for generation, ratio in kernels if ratio is not None]
    missing = "".join(f" {generation}: not measured." for generation, ratio in kernels if ratio is None)
    if len(known) < 2:
        return f"Fewer than two generations of the kernel's module count were measured in this run.{missing}"
    threads = f"{counts[-1]} threads" if counts[-1] > 1 else "one thread"
    slow, fast = (choose(known, key=lambda one: one[1].point) for choose in (max, min))
    words = (f"With {threads} on one object, Linux {slow[0]} is the slowest kernel generation: {slow[1].text()} times `plain`; "
             f"{fast[0]} is the fastest measured: {fast[1].text()} times")
    if slow[1].low is None or fast[1].low is None or fast[1].high >= slow[1].low:
        words = f"With {threads} on one object, this run does not separate the slowest kernel generation from the fastest"
    latest, ratio = kernels[-1]
    today = f"; the latest, {latest}, costs {ratio.text()} times." if ratio is not None else "."
    return words + today + missing


def _table(order, rows, counts):
    lines = []
    for generation, name in order:
        for threads in counts:
            row = rows.get((name, threads))
            ratio, silent = estimate(row), row.verdict if row is not None and not row.shown else "not measured"
            lines.append([generation, name, threads, row.estimate.text() if ratio else "-", ratio.text() if ratio else silent])
    return ["generation", "scheme", "threads", "ns per pair", "/ plain"], lines


def lineage(results):
    """A bar per kernel generation, for one thread and for all of them; a count that protects nothing is named, not drawn."""
    title = "From 2.2 to today: the kernel's own module counts"
    rows = {(row.scheme, row.threads): row for row in basic_rows(results)}
    unsafe = {row.scheme for row in rows.values() if row.unsafe}
    order = [pair for pair in generations(results) if pair[1] not in unsafe]
    names = {name for _, name in order}
    if not order:
        return Figure("lineage", title, None, "No scheme of this run was ever the kernel's module count.")
    if not any(row.shown for (name, _), row in rows.items() if name in names):
        return Figure("lineage", title, None, "This run has no pairs of the kernel's module counts.")
    counts = sorted({1, max((row.threads for row in rows.values() if row.shown), default=1)})
    drawn = {key: row for key, row in rows.items() if key[0] in names and key[1] in counts}
    left_out = "".join(f" {generation} ({name}) is unsafe by design and not drawn." for generation, name in generations(results)
                       if name in unsafe)
    ratios = [ratio for row in drawn.values() if (ratio := estimate(row)) is not None]
    limits = (f"Schemes of this repository on one machine, not the old kernels.{left_out} {bars(ratios)} "
              f"{cannot_show(results, ('threads', 'nodes'))}")
    return Figure("lineage", title, _draw(results, order, drawn, counts), _sentence(order, drawn, counts), limits.strip(),
                  table=_table(order, drawn, counts), cells=names_of(row for row in drawn.values() if row.shown))
