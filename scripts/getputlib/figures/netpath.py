# SPDX-License-Identifier: MIT
"""What each charge level adds to a packet: one point per scheme and level. Levels have no order, so no line joins them."""
import textwrap

from matplotlib.ticker import SymmetricalLogLocator

from .. import self_test
from .base import Figure, bars, cannot_show, counted, number, plain_number_axis, style, subplots, whisker
from .charge import COMPUTED, answer_paths

TITLE = "What each charge level adds to a packet"
LEGIBLE = 12  # schemes; of more than that only those with a look of their own are coloured
NAMED_LEVELS = 6  # of more levels only the ids fit below the axis, and the caption names them
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
    axes.set_xticks(range(len(path.levels)), [_tick(path, level) for level in path.levels])
    axes.set_xlim(-0.5, len(path.levels) - 0.5)
    axes.grid(axis="x", visible=False)
    axes.set_yscale("symlog", linthresh=LINEAR_NS, linscale=1.0)
    axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10.0, linthresh=LINEAR_NS))
    plain_number_axis(axes.yaxis)
    axes.set_title(", ".join(filter(None, (path.words, counted(threads, "worker")))))


def _tick(path, level):
    """The id of a level over its name, in lines that fit beside each other; the id alone where there are many."""
    if len(path.levels) > NAMED_LEVELS:
        return level.replace("_", "\n")
    return "\n".join(filter(None, (level, *textwrap.wrap(path.results.levels.word(level), 11))))


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
    where = f" ({path.words})" if path.words else ""
    words = f"At {path.name(level)}{where} with {counted(threads, 'worker')}, {style.scheme(last.scheme).label} {path.adds(last)}"
    return words + (f"; {unresolved} of {len(entries)} schemes add 0 ns within the resolution of this run." if unresolved else ".")


def levels(results):
    """Dots per level of what references add: a row an era, a panel for the fewest and the most workers."""
    paths = answer_paths(results)
    if not any(row.shown for row in results.of("netpath")):
        return Figure("netpath_levels", TITLE, None, "This run has no packets: the workload netpath was not measured.")
    if paths[-1].top is None:
        return Figure("netpath_levels", TITLE, None, "This run has no packets that were charged for a reference.")
    shown = [entry for path in paths for entry in path.entries if entry.threads in path.extremes]
    front = in_front(entry.scheme for entry in shown)
    return Figure("netpath_levels", TITLE, _draw(paths, front), _sentences(paths), _limits(results, paths, shown, front),
                  _table(results, paths), set().union(*(path.cells(path.levels) for path in paths)))


def _draw(paths, front):
    columns = max(len(path.extremes) for path in paths)
    figure, all_axes = subplots(len(paths), columns, height=0.4 + 3.8 * len(paths), sharey=True, squeeze=False)
    for row, path in zip(all_axes, paths):
        for axes, threads in zip(row, path.extremes):
            _draw_panel(axes, path, threads, front)
        for axes in row[len(path.extremes):]:
            axes.set_axis_off()
        row[0].set_ylabel(f"ns per packet {path.beyond}\n(linear up to {LINEAR_NS:g} ns, then logarithmic)")
    _legend(all_axes[0][-1], front)
    return figure


def _sentences(paths):
    return " ".join(filter(None, (sentence(path, path.top, threads) for path in paths for threads in path.extremes)))


def _limits(results, paths, shown, front):
    limits = [bars([entry.net for entry in shown if entry.scheme in front])]
    if any(path.bound(threads) is not None for path in paths for threads in path.extremes):
        limits.append("Grey band: L0 against L0; what lies inside it cannot be resolved.")
    if grey := len({entry.scheme for entry in shown}) - len(front):
        limits.append(f"Grey marks: {grey} further schemes, named in the ranking.")
    if any(len(path.levels) > NAMED_LEVELS for path in paths):
        named = sorted({level for path in paths for level in path.levels}, key=results.levels.key)
        limits.append(f"Levels: {'; '.join(map(results.levels.name, named))}.")
    if _computed(results):
        limits.append("L3 is computed, not timed, and stands in the table only.")
    limits.append("Neither interrupts, DMA nor a driver are part of this path. " + cannot_show(results, ("threads", "nodes")))
    return " ".join(limits)


def _computed(results):
    """[SelfTest] of schemes whose level 3 follows: gets times the price of a pair in the path."""
    return [test for test in self_test.run(results) if test.l3_computed_ns is not None]


def _table(results, paths):
    headings = ("scheme", "setting", "level", "workers", "added to L0, ns", "beyond none, ns", "pairs per packet",
                "ns per pair in the path", "ns per isolated pair", "packet at L0, ns", "sd over copies, ns")
    rows = [(style.scheme(entry.scheme).label, path.words or "-", path.name(entry.level), entry.threads, entry.added.text(),
             entry.minus_none.text() if entry.minus_none else "-", number(entry.pairs_per_packet), number(entry.slope_ns),
             number(entry.isolated_ns), number(entry.base_ns), number(entry.copy_sd_ns))
            for path in paths for entry in (*path.nones, *path.entries)]
    words = {path.group: path.words or "-" for path in paths}
    rows += [(style.scheme(test.scheme).label, words[group], results.levels.name(COMPUTED), test.threads,
              f"{number(test.l3_computed_ns)} (computed)", *["-"] * 6)
             for test in _computed(results) if (group := (test.place, tuple(test.fixed.items()))) in words]
    return headings, sorted(set(rows), key=lambda row: (row[1], row[2], row[3], row[0]))
