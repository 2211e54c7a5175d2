# SPDX-License-Identifier: MIT
"""What taking a reference at every event adds to a packet: a row for each scheme, the cheapest first."""
from .base import Figure, comparable, counted, label_of, number, plt, stats, style, subplots
from .charge import MEANING, added_interval, added_ns, by_level, levels_of

TITLE = "What references add to a packet, scheme by scheme"
RESOLVED_NS = 10.0  # the axis is linear up to here: it shows differences around zero


def _ranked(lines, top):
    """[(scheme, median, low, high)] at the level `top`, the cheapest first."""
    found = []
    for name, line in lines.items():
        if top in line and (value := added_ns(line, top)) is not None:
            low, high = added_interval(line, top)
            found.append((name, value, value if low is None else low, value if high is None else high))
    return sorted(found, key=lambda entry: (entry[1], entry[0]))


def _draw_rows(axes, order, ranked, hollow):
    for name, value, low, high in ranked:
        look, position = style.scheme(name), order.index(name) + (0.16 if hollow else -0.16)
        axes.plot([low, high], [position] * 2, color=look.color, linewidth=1.0, zorder=2)
        axes.plot(value, position, color=look.color, marker=look.marker, markersize=5.0, linestyle="none", zorder=3,
                  markerfacecolor="white" if hollow else look.color)


def _draw(results, rankings, resolution):
    """The rows stand in the order of the largest number of workers."""
    most, fewest = max(rankings), min(rankings)
    order = [name for name, *_ in rankings[most]]
    order += [name for name, *_ in rankings[fewest] if name not in order]
    figure, axes = subplots(height=1.1 + 0.24 * len(order))
    for workers, ranked in rankings.items():
        _draw_rows(axes, order, ranked, hollow=workers == fewest != most)
    axes.axvspan(-resolution, resolution, color="#EFEFEF", zorder=0)
    axes.set_yticks(range(len(order)), [label_of(results, name) for name in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xscale("symlog", linthresh=RESOLVED_NS)
    axes.xaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("ns per packet added to L0 (median, 95 % interval; linear up to 10 ns, then logarithmic)")
    return figure


def _resolution(by_workers):
    """How far L0 against itself lies from zero, at worst: what is smaller than this nobody can tell."""
    bounds = [abs(bound) for lines in by_workers.values() for line in lines.values() if "L0" in line
              for bound in added_interval(line, "L0") if bound is not None]
    return stats.median(bounds) if bounds else 0.0


def _sentence(ranked, top, workers, resolution):
    real = [entry for entry in ranked if entry[2] > resolution]
    words = (f"With {counted(workers, 'worker')}, charging at {top} ({MEANING[top]}), "
             f"{len(ranked) - len(real)} of {len(ranked)} schemes add nothing that can be told from L0 against itself "
             f"({number(resolution)} ns)")
    return words + (f"; the dearest, {style.scheme(real[-1][0]).label}, adds {number(real[-1][1])} ns." if real else ".")


def ranking(results):
    """Schemes ranked by what the highest charge level adds to a packet, for the fewest and the most workers."""
    rows, _ = comparable(results, "netpath", ("level", "threads"))
    counts = sorted({row.threads for row in rows if row.shown})
    by_workers = {count: by_level([row for row in rows if row.threads == count]) for count in {*counts[:1], *counts[-1:]}}
    charged = [level for lines in by_workers.values() for level in levels_of(lines)[1:]]
    if not charged:
        return Figure("netpath_ranking", TITLE, None, "This run has no packets that were charged for a reference.")
    top = max(charged)
    rankings = {count: ranked for count, lines in sorted(by_workers.items()) if (ranked := _ranked(lines, top))}
    resolution, most = _resolution(by_workers), max(rankings)
    cannot = "Grey: L0 against itself (median of the bounds of its 95 % intervals), which is what the method resolves."
    if len(rankings) > 1:
        cannot += f" Filled: {counted(most, 'worker')}; hollow: {min(rankings)}."
    return Figure("netpath_ranking", TITLE, _draw(results, rankings, resolution), _sentence(rankings[most], top, most, resolution), cannot)
