# SPDX-License-Identifier: MIT
"""What references add to a packet at the levels of the answer: a row per scheme, the cheapest first; a panel an era and level."""
from .. import rank
from .base import Figure, bars, closed, counted, label_of, number, plt, style, subplots, whisker
from .charge import answer_paths

TITLE = "What references add to a packet, scheme by scheme"
LINEAR_NS = 10.0  # the axis is linear up to here: it shows differences around zero


def panels(paths):
    """[(Path, level)] of the panels: the eras beside each other at the higher level of the answer, then at the lower."""
    return [(path, level) for level in reversed(paths[-1].answers) for path in reversed(paths) if level in path.levels]


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


def _draw_panel(axes, path, level, order):
    most, fewest = path.extremes[-1], path.extremes[0]
    for threads in path.extremes:
        hollow = threads == fewest != most
        shift = 0.0 if most == fewest else (0.17 if hollow else -0.17)
        for entry in path.at(level, threads):
            _draw_entry(axes, entry, order.index(entry.scheme) + shift, hollow)
    if (bound := path.bound(most)) is not None:
        axes.axvspan(-bound, bound, color="#E9E9E9", zorder=0)
    axes.set_title("\n".join(filter(None, (path.words, path.name(level)))), fontsize=8.0)
    axes.grid(axis="y", visible=False)
    axes.set_xscale("symlog", linthresh=LINEAR_NS)
    axes.xaxis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:g}"))


def _draw(results, shown):
    order = list(dict.fromkeys(name for path, level in shown for name in order_of(path, level)))
    figure, all_axes = subplots(1, len(shown), height=1.4 + 0.24 * len(order), sharex=True, sharey=True, squeeze=False)
    for axes, (path, level) in zip(all_axes[0], shown):
        _draw_panel(axes, path, level, order)
    all_axes[0][0].set_yticks(range(len(order)), [label_of(results, name) for name in order])
    all_axes[0][0].set_ylim(len(order) - 0.4, -0.6)
    figure.supxlabel(f"ns per packet {shown[0][0].beyond} (linear up to {LINEAR_NS:g} ns, then logarithmic)", fontsize=8.5)
    return figure


def ranking(results):
    """Schemes ranked by what the levels of the answer add to a packet, for the fewest and the most workers of each era."""
    paths = answer_paths(results)
    main = paths[-1]
    if main.top is None:
        return Figure("netpath_ranking", TITLE, None, "This run has no packets that were charged for a reference.")
    shown, most = panels(paths), main.extremes[-1]
    entries = [entry for path, level in shown for threads in path.extremes for entry in path.at(level, threads)]
    limits = [f"Nanoseconds per packet {main.beyond}.", bars([entry.net for entry in entries])]
    if len(main.extremes) > 1:
        limits.append(f"Filled: {counted(most, 'worker')}; hollow: {main.extremes[0]}.")
    if (bound := main.bound(most)) is not None:
        limits.append(f"Grey: L0 against L0, {number(bound)} ns; what lies inside cannot be resolved.")
    if any(entry.copy_sd_ns for entry in entries):
        limits.append("Pale bars: standard deviation over the compiled copies of the same code.")
    return Figure("netpath_ranking", TITLE, _draw(results, shown), " ".join(rank.sentence(path, main.top, most) for path in reversed(paths)),
                  " ".join(limits), cells=set().union(*(path.cells([level]) for path, level in shown)))
