# SPDX-License-Identifier: MIT
"""A pair in the packet path beside the same pair alone: what the isolated measurement over- or understates."""
from .base import Figure, bars, closed, counted, label_of, number, plt, style, subplots, whisker
from .charge import Path

TITLE = "A pair in the path and alone"
LINEAR_NS = 1.0


def slopes(path, threads):
    """[(entry, ns per pair in the path as an Interval)] of the schemes that have both numbers, cheapest in the path first."""
    found = [(entry, per_pair(entry)) for entry in path.at(path.top, threads)
             if entry.isolated_ns is not None and entry.slope_ns is not None]
    return sorted(found, key=lambda pair: (pair[1].point, pair[0].scheme))


def per_pair(entry):
    """What the scheme adds beyond `none`, divided by the pairs per packet."""
    import dataclasses

    whole, pairs = entry.minus_none, entry.pairs_per_packet
    low, high = (None if bound is None else bound / pairs for bound in whole.bounds)
    return dataclasses.replace(whole, point=whole.point / pairs, low=low, high=high)


def _draw_panel(axes, found, order):
    for entry, slope in found:
        look, position = style.scheme(entry.scheme), order.index(entry.scheme)
        axes.plot([entry.isolated_ns, slope.point], [position] * 2, color="#BBBBBB", linewidth=0.9, zorder=1)
        whisker(axes, position, slope, look.color)
        for value, fill in ((entry.isolated_ns, "white"), (slope.point, look.color)):
            axes.plot(value, position, color=look.color, marker=closed(look.marker), markersize=5.0, linestyle="none", zorder=3,
                      markerfacecolor=fill)
    axes.set_xscale("symlog", linthresh=LINEAR_NS)
    axes.xaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", visible=False)


def _sentence(path, found):
    """How many pairs the isolated measurement misprices beyond the interval of the slope."""
    confident = [(entry, slope) for entry, slope in found if slope.kind == "95 %"]
    if not confident:
        return f"With fewer than 6 values per scheme, {len(found)} pairs in the path cannot be told from the isolated ones."
    over = [pair for pair in confident if pair[1].high < pair[0].isolated_ns]
    under = [pair for pair in confident if pair[1].low > pair[0].isolated_ns]
    return (f"Of {len(confident)} schemes, the isolated pair is above the interval of the pair in the path for {len(over)}, "
            f"below it for {len(under)}, and inside it for {len(confident) - len(over) - len(under)}.")


def slope(results):
    """Ns per pair in the path, with its interval, beside the isolated pair of the same number of threads."""
    path = Path(results)
    by_threads = {threads: found for threads in path.extremes if path.top and (found := slopes(path, threads))}
    if not by_threads:
        return Figure("netpath_slope", TITLE, None,
                      "This run has no scheme that was measured both at a charged level with `none` beside it and as an isolated pair.")
    order = list(dict.fromkeys(entry.scheme for found in reversed(by_threads.values()) for entry, _ in found))
    figure, all_axes = subplots(1, len(by_threads), height=1.2 + 0.22 * len(order), sharey=True, squeeze=False)
    for axes, (threads, found) in zip(all_axes[0], by_threads.items()):
        _draw_panel(axes, found, order)
        axes.set_title(", ".join(filter(None, (path.words, counted(threads, "worker")))))
    all_axes[0][0].set_yticks(range(len(order)), [label_of(results, name) for name in order])
    all_axes[0][0].set_ylim(len(order) - 0.4, -0.6)
    figure.supxlabel(f"ns per pair (filled: in the path; hollow: alone; linear up to {LINEAR_NS:g} ns)", fontsize=8.5)
    last = list(by_threads.values())[-1]
    shows = f"{_sentence(path, last)} At {path.name(path.top)} a packet takes {number(last[0][0].pairs_per_packet)} pairs."
    return Figure("netpath_slope", TITLE, figure, shows, bars([slope for found in by_threads.values() for _, slope in found]),
                  cells=path.cells((path.top,)))
