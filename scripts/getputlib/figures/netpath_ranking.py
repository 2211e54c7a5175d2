# SPDX-License-Identifier: MIT
"""What references add to a packet at the levels L7 and L6: a row per scheme, the cheapest first."""
from .. import rank
from .base import Figure, bars, closed, counted, label_of, number, plt, style, subplots, whisker
from .charge import MEANING, Path

TITLE = "What references add to a packet, scheme by scheme"
LINEAR_NS = 10.0  # the axis is linear up to here: it shows differences around zero


def panels(path):
    """The levels that are ranked: the highest, and the one that charges packet buffers only."""
    return [level for level in (path.top, "L6") if level in path.levels][:1 if path.top == "L6" else 2]


def order_of(path, level):
    """Scheme names, the cheapest with the most workers first; those measured with fewer workers only come last."""
    names = [entry.scheme for threads in reversed(path.extremes) for entry in path.at(level, threads)]
    return list(dict.fromkeys(names))


def _draw_entry(axes, entry, position, hollow):
    look = style.scheme(entry.scheme)
    if entry.copy_sd_ns:
        axes.plot([entry.net.point - entry.copy_sd_ns, entry.net.point + entry.copy_sd_ns], [position] * 2,
                  color=look.color, alpha=0.25, linewidth=5.0, solid_capstyle="butt", zorder=1.5)
    whisker(axes, position, entry.net, look.color)
    axes.plot(entry.net.point, position, color=look.color, marker=closed(look.marker), markersize=5.0, linestyle="none", zorder=3,
              markerfacecolor="white" if hollow else look.color)


def _draw(results, path, levels):
    order = order_of(path, levels[0])
    order += [name for name in order_of(path, levels[-1]) if name not in order]
    figure, all_axes = subplots(1, len(levels), height=1.3 + 0.24 * len(order), sharey=True, squeeze=False)
    most, fewest = path.extremes[-1], path.extremes[0]
    for axes, level in zip(all_axes[0], levels):
        for threads in path.extremes:
            hollow = threads == fewest != most
            shift = 0.0 if most == fewest else (0.17 if hollow else -0.17)
            for entry in path.at(level, threads):
                _draw_entry(axes, entry, order.index(entry.scheme) + shift, hollow)
        if (bound := path.bound(most)) is not None:
            axes.axvspan(-bound, bound, color="#E9E9E9", zorder=0)
        axes.set_title(f"{level}: {MEANING[level]}")
        axes.grid(axis="y", visible=False)
        axes.set_xscale("symlog", linthresh=LINEAR_NS)
        axes.xaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:g}"))
    all_axes[0][0].set_yticks(range(len(order)), [label_of(results, name) for name in order])
    all_axes[0][0].set_ylim(len(order) - 0.4, -0.6)
    figure.supxlabel(f"ns per packet {path.beyond} (linear up to {LINEAR_NS:g} ns, then logarithmic)", fontsize=8.5)
    return figure


def ranking(results):
    """Schemes ranked by what the highest charge level adds to a packet, for the fewest and the most workers."""
    path = Path(results)
    if path.top is None:
        return Figure("netpath_ranking", TITLE, None, "This run has no packets that were charged for a reference.")
    levels, most = panels(path), path.extremes[-1]
    shown = [entry for level in levels for threads in path.extremes for entry in path.at(level, threads)]
    limits = [f"Nanoseconds per packet {path.beyond}.", bars([entry.net for entry in shown])]
    if len(path.extremes) > 1:
        limits.append(f"Filled: {counted(most, 'worker')}; hollow: {path.extremes[0]}.")
    if (bound := path.bound(most)) is not None:
        limits.append(f"Grey: L0 against L0, {number(bound)} ns; what lies inside cannot be resolved.")
    if any(entry.copy_sd_ns for entry in shown):
        limits.append("Pale bars: standard deviation over the compiled copies of the same code.")
    return Figure("netpath_ranking", TITLE, _draw(results, path, levels), rank.sentence(path, path.top, most), " ".join(limits),
                  cells=path.cells(levels))
