# SPDX-License-Identifier: MIT
"""What each generation of the kernel counted its modules with, and what a pair costs with it: one bar a generation."""
import re

from .base import Figure, cannot_show, label_of, number, plain_number_axis, stats, style, subplots
from .pairs import basic_rows

PROPOSED = "proposed"


def release_key(generation):
    """Orders generations by the first release that they name; kernels without unloading and proposals come last."""
    release = re.match(r"\d+(?:\.\d+)*", generation)
    if release:
        return 0, tuple(int(part) for part in release[0].split(".")), generation
    return (2 if generation.startswith(PROPOSED) else 1), (), generation


def generations(results):
    """[(generation, scheme name)] in the order of the kernel's history."""
    found = [(scheme["generation"], name) for name, scheme in results.schemes.items() if scheme.get("generation")]
    return sorted(found, key=lambda pair: (release_key(pair[0]), pair[1]))


def ratios(row):
    """The trials' own ratios to `plain`."""
    return row.ratios("plain")


def _bar(axes, row, position, hollow):
    """A bar from 1, which is `plain`, to the ratio, with its interval; or the word that stands for it."""
    if row is None or not row.shown or not ratios(row):
        words = row.verdict if row is not None else "not measured"
        axes.annotate(words, (1.01, position), xycoords=("axes fraction", "data"), va="center", fontsize=7.0,
                      color="#B00020" if words == "WRONG" else "#777777")
        return
    look, middle = style.scheme(row.scheme), stats.median(ratios(row))
    low, high = stats.median_interval(ratios(row))
    axes.barh(position, middle - 1.0, left=1.0, height=0.36, color="white" if hollow else look.color, edgecolor=look.color,
              linewidth=1.0, zorder=2)
    if low is not None:
        axes.plot([low, high], [position] * 2, color="#222222", linewidth=1.0, zorder=3)
    axes.annotate(f"{number(middle)}×", (1.01, position), xycoords=("axes fraction", "data"), va="center", fontsize=7.5)


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
    ends = [bound for row in rows.values() if row.shown for bound in (*stats.median_interval(ratios(row)), *ratios(row)) if bound]
    axes.set_xlim(min([0.8, *ends]) / 1.1, max([2.0, *ends]) * 1.2)
    plain_number_axis(axes.xaxis)
    axes.grid(axis="y", visible=False)
    words = "one thread" if len(counts) == 1 else f"hollow: one thread; filled: {counts[-1]} threads on one object"
    axes.set_xlabel(f"a pair as a multiple of the control `plain` (median, 95 % interval; logarithmic)\n{words}")
    return figure


def _sentence(order, rows, counts):
    told = [(generation, name, stats.median(ratios(row))) for generation, name in order
            if release_key(generation)[0] == 0 and (row := rows.get((name, counts[-1]))) is not None and row.shown and ratios(row)]
    if len(told) < 2:
        return "Fewer than two generations of the kernel's module count were measured in this run."
    dear, cheap, now = max(told, key=lambda t: t[2]), min(told, key=lambda t: t[2]), told[-1]
    many = f"With {counts[-1]} threads" if counts[-1] > 1 else "With one thread"
    return (f"{many} on one object the dearest module count that the kernel had was that of {dear[0]} ({number(dear[2])} times "
            f"`plain`), the cheapest that of {cheap[0]} ({number(cheap[2])} times); the latest, {now[0]}, costs "
            f"{number(now[2])} times.")


def _table(order, rows, counts):
    lines = []
    for generation, name in order:
        for threads in counts:
            row = rows.get((name, threads))
            shown = row is not None and row.shown
            low, high = row.interval if shown else (None, None)
            interval = f"{number(low)} .. {number(high)}" if low is not None else "-"
            lines.append([generation, name, threads, number(stats.median(row.values)) if shown else "-", interval,
                          number(row.ratio("plain")) if shown else (row.verdict if row is not None else "not measured")])
    return ["generation", "scheme", "threads", "ns a pair", "95 % interval", "/ plain"], lines


def lineage(results):
    """A bar a kernel generation, for one thread and for all of them."""
    title = "From 2.2 to today: the kernel's own module counts"
    order, basic = generations(results), basic_rows(results)
    if not order:
        return Figure("lineage", title, None, "No scheme of this run was ever the kernel's module count.")
    rows = {(row.scheme, row.threads): row for row in basic}
    counts = sorted({1, max((row.threads for row in basic if row.shown), default=1)})
    if not any(row.shown for (name, _), row in rows.items() if name in {name for _, name in order}):
        return Figure("lineage", title, None, "This run has no pairs of the kernel's module counts.")
    drawn = {key: row for key, row in rows.items() if key[0] in {name for _, name in order} and key[1] in counts}
    cannot = cannot_show(results, ("threads", "nodes"))
    return Figure("lineage", title, _draw(results, order, drawn, counts), _sentence(order, drawn, counts),
                  f"Schemes of this repository on one machine, not the old kernels. {cannot}".strip(),
                  table=_table(order, drawn, counts))
