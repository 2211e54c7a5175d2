# SPDX-License-Identifier: MIT
"""What each charge level adds to a packet: one point per scheme and level. Levels have no order, so no line joins them."""
from matplotlib.ticker import SymmetricalLogLocator

from .. import headline
from .base import Figure, bars, cannot_show, counted, number, plain_number_axis, style, subplots, whisker
from .charge import MEANING, Path

TITLE = "What each charge level adds to a packet"
LEGIBLE = 12  # schemes; of more than that only those with a look of their own are coloured
LINEAR_NS = 10.0  # the axis is linear up to here: it shows differences around zero


def in_front(names):
    """The schemes that are drawn in colour and named; the others are drawn behind them in grey."""
    names = set(names)
    listed = {name for name in names if style.listed(name)}
    return sorted(names if len(names) <= LEGIBLE or not listed else listed)


def _side_by_side(names):
    """A shift to the side for each scheme, so that markers and intervals at one level stay apart."""
    return {name: 0.7 * ((index + 0.5) / len(names) - 0.5) for index, name in enumerate(names)}


def _draw_panel(axes, path, threads, front):
    """One number of workers: a group of points per level, cheapest first within the group."""
    for x, level in enumerate(path.levels):
        entries = path.at(level, threads)
        order = [entry.scheme for entry in entries if entry.scheme in front]
        shift = _side_by_side(order)
        for entry in entries:
            if entry.scheme not in front:
                axes.plot(x, entry.net.point, color="#C4C4C4", marker="_", markersize=26, linestyle="none", zorder=0.5)
                continue
            look, place = style.scheme(entry.scheme), x + shift[entry.scheme]
            whisker(axes, place, entry.net, look.color, vertical=True)
            axes.plot(place, entry.net.point, color=look.color, marker=look.marker, linestyle="none", zorder=3)
    if (bound := path.bound(threads)) is not None:
        axes.axhspan(-bound, bound, color="#EFEFEF", zorder=0)
    axes.set_xticks(range(len(path.levels)), [f"{level}\n{MEANING[level]}" for level in path.levels])
    axes.set_xlim(-0.5, len(path.levels) - 0.5)
    axes.grid(axis="x", visible=False)
    axes.set_yscale("symlog", linthresh=LINEAR_NS, linscale=1.0)
    axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10.0, linthresh=LINEAR_NS))
    plain_number_axis(axes.yaxis)
    axes.set_title(counted(threads, "worker"))


def _legend(axes, front):
    """The names right of the last panel, which the layout makes room for."""
    for look in map(style.scheme, front):
        axes.plot([], [], color=look.color, marker=look.marker, linestyle="none", label=look.label)
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), borderaxespad=0.0, handletextpad=0.3)


def sentence(path, level, threads):
    """The most expensive scheme at a level, and how many add nothing that was resolved."""
    entries = [entry for entry in path.at(level, threads) if entry.safe]
    if not entries:
        return ""
    last, unresolved = entries[-1], sum(map(path.within, entries))
    words = f"At {level} ({MEANING[level]}) with {counted(threads, 'worker')}, {style.scheme(last.scheme).label} {path.adds(last)}"
    return words + (f"; {unresolved} of {len(entries)} schemes add 0 ns within the resolution of this run." if unresolved else ".")


def levels(results):
    """Dots per level of what references add, for the fewest and the most workers."""
    path = Path(results)
    if not any(row.shown for row in results.of("netpath")):
        return Figure("netpath_levels", TITLE, None, "This run has no packets: the workload netpath was not measured.")
    if path.top is None:
        return Figure("netpath_levels", TITLE, None, "This run has no packets that were charged for a reference.")
    front = in_front(entry.scheme for entry in path.entries)
    figure, all_axes = subplots(1, len(path.extremes), height=4.2, sharey=True, squeeze=False)
    for axes, threads in zip(all_axes[0], path.extremes):
        _draw_panel(axes, path, threads, front)
    all_axes[0][0].set_ylabel(f"ns per packet {path.beyond}\n(linear up to {LINEAR_NS:g} ns, then logarithmic)")
    _legend(all_axes[0][-1], front)
    shown = [entry for entry in path.entries if entry.threads in path.extremes]
    grey = len({entry.scheme for entry in shown}) - len(front)
    limits = [bars([entry.net for entry in shown if entry.scheme in front])]
    if any(path.bound(threads) is not None for threads in path.extremes):
        limits.append("Grey band: L0 against L0; what lies inside it cannot be resolved.")
    if grey:
        limits.append(f"Grey marks: {grey} further schemes, named in the ranking.")
    if _computed(results):
        limits.append("L3 is computed, not timed, and stands in the table only.")
    limits.append("Neither interrupts, DMA nor a driver are part of this path. " + cannot_show(results, ("threads", "nodes")))
    shows = " ".join(sentence(path, path.top, threads) for threads in path.extremes)
    return Figure("netpath_levels", TITLE, figure, shows, " ".join(limits), _table(results, path), path.cells(path.levels))


def _computed(results):
    """[(scheme, workers, ns per packet)] of level 3: gets times the price of a pair in the path."""
    return [(test.scheme, test.threads, test.l3_computed_ns) for test in headline.self_test(results)
            if test.l3_computed_ns is not None]


def _table(results, path):
    headings = ("scheme", "level", "workers", "added to L0, ns", "beyond none, ns", "pairs per packet", "ns per pair in the path",
                "ns per isolated pair", "packet at L0, ns", "sd over copies, ns")
    rows = [(style.scheme(entry.scheme).label, entry.level, entry.threads, entry.added.text(),
             entry.minus_none.text() if entry.minus_none else "-", number(entry.pairs_per_packet), number(entry.slope_ns),
             number(entry.isolated_ns), number(entry.base_ns), number(entry.copy_sd_ns)) for entry in (*path.nones, *path.entries)]
    rows += [(style.scheme(name).label, "L3", threads, f"{number(value)} (computed)", *["-"] * 6)
             for name, threads, value in _computed(results)]
    return headings, sorted(set(rows), key=lambda row: (row[1], row[2], row[0]))
