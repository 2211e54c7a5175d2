# SPDX-License-Identifier: MIT
"""What all figures share: size, type, reproducible files, and choosing comparable rows."""
import logging

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells users without a home where it caches

import matplotlib  # noqa: E402

matplotlib.use("Agg")  # no display is needed, and none is looked for

from collections import defaultdict  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.backends.backend_pdf import FigureCanvasPdf  # noqa: E402
from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: E402

from .. import stats, style  # noqa: E402
from ..words import counted, number  # noqa: E402

WIDTH_IN = 7.2
NAME_IN = 0.135  # what a name beside a line needs in height
RC = {
    "font.family": "DejaVu Sans", "font.size": 8.5, "axes.labelsize": 8.5, "axes.titlesize": 9.0, "legend.fontsize": 7.5,
    "xtick.labelsize": 8.0, "ytick.labelsize": 8.0, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#555555", "axes.linewidth": 0.7, "axes.titlelocation": "left", "axes.grid": True,
    "grid.color": "#E3E3E3", "grid.linewidth": 0.6, "axes.axisbelow": True, "lines.linewidth": 1.3,
    "lines.markersize": 4.5, "figure.dpi": 100, "savefig.dpi": 200, "svg.hashsalt": "getput", "svg.fonttype": "path",
    "pdf.fonttype": 42, "legend.frameon": False,
}
# Files of the same data are the same bytes: no dates, no version of the program that drew them.
FILES = {
    "svg": (FigureCanvasSVG, {"Date": None, "Creator": None}),
    "pdf": (FigureCanvasPdf, {"CreationDate": None, "Producer": None, "Creator": None}),
    "png": (FigureCanvasAgg, {"Software": None}),
}
KINDS = tuple(FILES)


@dataclass
class Figure:
    """One figure: what it is called, what is drawn (None: nothing could be), what it shows, what it cannot."""

    key: str
    title: str
    drawing: object
    shows: str
    cannot: str = ""
    table: tuple | None = None  # (headings, rows) that stand below the drawing
    cells: set = field(default_factory=set)  # names of the cells that are drawn

    def save(self, folder, kinds):
        """Writes a file of each kind, SVG among them; returns the SVG's text."""
        for _ in range(2):  # names beside the axes move with them, so one pass does not see where they end
            self.drawing.draw_without_rendering()
        self.drawing.set_layout_engine("none")  # it is laid out now; once is enough for three files
        for kind in kinds:
            canvas, metadata = FILES[kind]
            # What savefig does, without the pass before each file that only lays out again.
            self.drawing.set_dpi(RC["savefig.dpi"])
            getattr(canvas(self.drawing), f"print_{kind}")(folder / f"{self.key}.{kind}", metadata=metadata)
        plt.close(self.drawing)
        return (folder / f"{self.key}.svg").read_text(encoding="utf-8")


def subplots(*arguments, height, width=WIDTH_IN, **keywords):
    return plt.subplots(*arguments, figsize=(width, height), layout="constrained", **keywords)


def comparable(results, workload, varying):
    """(rows, fixed parameters): the largest group of rows that differ in `varying` and in scheme only.

    Of groups of the same size the first one of the plan is taken, so a report never mixes, say,
    two placements in one line.
    """
    groups = defaultdict(list)
    for row in results.of(workload):
        fixed = {key: value for key, value in row.params.items() if key not in varying}
        fixed["place"] = row.cell["placement"]["policy"]
        groups[tuple(fixed.items())].append(row)
    if not groups:
        return [], {}
    key = max(groups, key=lambda k: sum(row.shown for row in groups[k]))
    return groups[key], dict(key)


def label_of(results, name):
    """A scheme's name for an axis; a control is named as one."""
    return style.scheme(name).label + (" (control)" if results.schemes[name]["control"] else "")


def nanoseconds_axis(axis):
    """Log axes of latencies: 100 ns, 1 µs, 10 ms."""

    def text(value, _):
        for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
            if value >= size:
                return f"{value / size:g} {unit}"
        return f"{value:g} ns"

    axis.set_major_formatter(FuncFormatter(text))
    _tick_a_decade(axis)


def fixed_text(fixed):
    """Fixed parameters in words, for a caption."""
    return ", ".join(f"{key} {value}" for key, value in fixed.items())


def _tick_a_decade(axis):
    """Ticks at 1, 2, 5 where the axis spans little, so that no axis is left without numbers."""
    low, high = axis.get_view_interval()
    if low > 0 and axis.get_scale() == "log":
        axis.set_major_locator(LogLocator(subs=(1.0,) if high / low > 100.0 else (1.0, 2.0, 5.0)))
    axis.set_minor_formatter(NullFormatter())


def plain_number_axis(axis):
    """Log axes with 0.5, 1, 10, 1000 instead of powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1 or value == 0 else f"{value:g}"))
    _tick_a_decade(axis)


def names_of(rows):
    """The cell names of rows, for Figure.cells."""
    return {row.cell["name"] for row in rows}


def closed(marker):
    """A marker that can be hollow; crosses of lines cannot."""
    return {"x": "X", "+": "P"}.get(marker, marker)


def whisker(axes, position, interval, color, vertical=False, width=1.1):
    """An interval through a marker: solid with caps for 95 %, dotted for a range, nothing for a single value."""
    if interval.low is None:
        return
    confident = interval.kind == "95 %"
    line = {"color": color, "linewidth": width, "linestyle": "solid" if confident else (0, (1, 1.5)), "zorder": 2,
            "solid_capstyle": "butt"}
    ends = [interval.low, interval.high]
    axes.plot(*([position] * 2, ends) if vertical else (ends, [position] * 2), **line)
    if confident:
        cap = {"color": color, "markersize": 4.0, "linestyle": "none", "marker": "_" if vertical else "|", "zorder": 2}
        axes.plot(*([position] * 2, ends) if vertical else (ends, [position] * 2), **cap)


def bars(intervals):
    """What the bars of a figure are, with their n, as a sentence for its caption."""
    counts = {kind: sorted({one.n for one in intervals if one.kind == kind}) for kind in ("95 %", "range", "none")}
    text = {"95 %": "Solid bars: 95 % intervals, n={}.", "range": "Dotted bars: the range of n={} values, too few for an interval.",
            "none": "Without a bar: n={}."}
    return " ".join(text[kind].format(_span(found)) for kind, found in counts.items() if found)


def _span(counts):
    return str(counts[0]) if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"


def spread_labels(positions, least_gap):
    """Moves positions between 0 and 1 apart until neighbours have `least_gap`; each group keeps its middle.

    What would leave 0 .. 1 is moved back in, as far as there is room.
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    groups = [[positions[index], 1] for index in order]  # [centre, members]
    merged = True
    while merged:
        merged = False
        for index in range(len(groups) - 1):
            (a, m), (b, n) = groups[index], groups[index + 1]
            if b - a < least_gap * (m + n) / 2.0 - 1e-12:
                groups[index:index + 2] = [[_inside((a * m + b * n) / (m + n), (m + n - 1) * least_gap), m + n]]
                merged = True
                break
    placed, result = [], [0.0] * len(positions)
    for centre, members in groups:
        placed.extend(centre + (k - (members - 1) / 2.0) * least_gap for k in range(members))
    for index, value in zip(order, placed):
        result[index] = value
    return result


def _inside(centre, span):
    return 0.5 if span >= 1.0 else min(max(centre, span / 2.0), 1.0 - span / 2.0)


def panel_height(names):
    """Inches for axes beside which so many names are written, with their labels and title."""
    return max(3.5, 0.9 + NAME_IN * names)


def name_lines(axes, ends):
    """Writes each line's name right of its end, moved apart where ends are close.

    `ends` is a list of (text, colour, x, y) in data coordinates. Heights are shares of the axes, so
    they are right before the figure is laid out, once the limits of the axes stand.
    """
    axes.autoscale_view()
    rows = axes.get_gridspec().nrows
    least_gap = NAME_IN / (axes.figure.get_figheight() / rows - 0.75)
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [to_axes.transform((x, y))[1] for _, _, x, y in ends]
    for (text, color, x, y), height in zip(ends, spread_labels(heights, least_gap)):
        axes.annotate(text, xy=(x, y), xycoords="data", xytext=(1.03, height), textcoords="axes fraction", va="center",
                      ha="left", color=color, fontsize=7.5, annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.5, "alpha": 0.6,
                                  "shrinkA": 0.5, "shrinkB": 2.5})


def cannot_show(results, topics):
    """What this machine cannot show, of threads, nodes, caches and smt, from its topology."""
    machine = results.env["machine"]
    place, cpus = machine["topology"], len(machine["allowed_cpus"])
    lacks = {
        "threads": cpus < 16 and f"contention of more than {cpus} threads",
        "nodes": place["nodes"] < 2 and "what crossing NUMA nodes costs (not measured: 1 NUMA node)",
        "caches": place["last_level_caches"] < 2 and "what crossing last-level caches costs",
        "smt": place["cores"] == place["threads_allowed"] and "SMT siblings that share a core",
    }
    missing = [lacks[topic] for topic in topics if lacks[topic]]
    return f"With {counted(cpus, 'CPU')} this machine cannot show {_listing(missing)}." if missing else ""


def _listing(words):
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


__all__ = ["RC", "WIDTH_IN", "Figure", "bars", "cannot_show", "closed", "comparable", "counted", "fixed_text", "label_of",
           "name_lines", "names_of", "nanoseconds_axis", "number", "panel_height", "plain_number_axis", "plt", "stats", "style",
           "subplots", "whisker"]
