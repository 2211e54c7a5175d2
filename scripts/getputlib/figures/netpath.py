# SPDX-License-Identifier: MIT
"""What a packet costs, against the charge level: at which events a module reference is taken."""
from matplotlib.ticker import SymmetricalLogLocator

from .base import (Figure, cannot_show, comparable, counted, fixed_text, interval, name_lines, number, panel_height,
                   plain_number_axis, stats, style, subplots)
from .charge import FRAMES, MEANING, SPEEDS_GBE, added_interval, added_ns, budget_ns, by_level, levels_of

LEGIBLE = 12  # lines; of more schemes than that only those with a look of their own stand out


def _in_front(lines):
    """The schemes whose lines are drawn in colour and named; the others lie behind them in grey."""
    listed = [name for name in lines if style.listed(name)]
    return sorted(lines) if len(lines) <= LEGIBLE or not listed else sorted(listed)


def _draw_behind(axes, lines, levels, height):
    """The other schemes' lines, so that it is seen where they lie. height(line, level) may be None."""
    for name in sorted(set(lines) - set(_in_front(lines))):
        points = [(x, y) for x, level in enumerate(levels) if (y := height(lines[name], level)) is not None]
        if points:
            axes.plot(*zip(*points), color="#D4D4D4", linewidth=0.6, zorder=0.5)


def _side_by_side(names):
    """A small shift to the side for each scheme, so that markers and intervals at one level stay apart."""
    return {name: 0.26 * ((index + 0.5) / len(names) - 0.5) for index, name in enumerate(names)}


def _label_levels(axes, levels):
    axes.set_xticks(range(len(levels)), [f"{level}\n{MEANING[level]}" for level in levels])
    axes.set_xlim(-0.25, len(levels) - 0.75)
    axes.set_xlabel("charge level: a module reference is taken for")


def _draw_budgets(axes, low, high):
    """Line-rate budgets that fall into view; of two close ones the lower is named below its line."""
    budgets = sorted((budget_ns(speed, size), f"{speed} GbE, {frame}") for speed in SPEEDS_GBE for frame, size in FRAMES.items())
    for index, (value, name) in enumerate(budgets):
        if low <= value <= high:
            crowded = index + 1 < len(budgets) and budgets[index + 1][0] < 1.4 * value
            _budget_line(axes, value, name, below=crowded)


def _budget_line(axes, value, name, below=False):
    axes.axhline(value, color="#9A9A9A", linewidth=0.8, linestyle=(0, (5, 3)), zorder=1)
    axes.annotate(f"{name}: {number(value)} ns", (0.012, value), xycoords=("axes fraction", "data"), color="#666666",
                  xytext=(0, -2 if below else 2), textcoords="offset points", fontsize=6.5, va="top" if below else "bottom",
                  bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4})


def _draw_absolute(axes, lines, levels):
    low = min(budget_ns(speed, size) for speed in SPEEDS_GBE for size in FRAMES.values()) / 1.3
    high = max(budget_ns(speed, size) for speed in SPEEDS_GBE for size in FRAMES.values()) * 1.3
    front = _in_front(lines)
    shift = _side_by_side(front)
    _draw_behind(axes, lines, levels, lambda line, level: stats.median(line[level].values) if level in line else None)
    for name, line in ((name, lines[name]) for name in front):
        look = style.scheme(name)
        points = [(levels.index(level) + shift[name], interval(line[level])) for level in levels if level in line]
        axes.errorbar([x for x, _ in points], [m[0] for _, m in points], yerr=list(zip(*[m[1:] for _, m in points])),
                      color=look.color, marker=look.marker, linestyle=look.line, capsize=2)
        values = [m[0] for _, m in points]
        low, high = min(low, min(values) / 1.3), max(high, max(values) * 1.3)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    _draw_budgets(axes, low, high)
    plain_number_axis(axes.yaxis)
    _label_levels(axes, levels)


def _draw_added(axes, lines, levels):
    front = _in_front(lines)
    ends, top, shift = [], 1.0, _side_by_side(front)
    _draw_behind(axes, lines, levels, added_ns)
    for name, line in ((name, lines[name]) for name in front):
        look = style.scheme(name)
        points = [(levels.index(level), added, level) for level in levels if (added := added_ns(line, level)) is not None]
        if not points:
            continue
        x, y = [point[0] + shift[name] for point in points], [point[1] for point in points]
        bounds = [added_interval(line, level) for _, _, level in points]
        axes.vlines(x, [low for low, _ in bounds], [high for _, high in bounds], color=look.color, linewidth=0.8, alpha=0.6)
        axes.plot(x, y, color=look.color, marker=look.marker, linestyle=look.line)
        ends.append((look.label, look.color, x[-1], y[-1]))
        top = max(top, *y)
    axes.set_yscale("symlog", linthresh=10.0, linscale=1.0)
    budget = budget_ns(100, FRAMES["64 B"])
    if top > budget / 3.0:
        _budget_line(axes, budget, "100 GbE, 64 B")
    axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10.0, linthresh=10.0))
    plain_number_axis(axes.yaxis)
    _label_levels(axes, levels)
    return ends


def _adds(name, line, level):
    """What a level adds with one scheme, in words; a difference inside the noise is said to be none."""
    low, high = added_interval(line, level)
    look, added = style.scheme(name), added_ns(line, level)
    if low <= 0.0 <= high:
        return f"nothing that these trials can show with {look.label} (between {number(low)} and {number(high)} ns)"
    share = f", {number(100.0 * added / budget_ns(10, FRAMES['64 B']))} % of the 67.2 ns of a 64-byte frame at 10 GbE"
    return f"{number(added)} ns with {look.label}" + (share if added > 0.0 else "")


def _sentence(lines, levels, threads):
    top = levels[-1]
    added = {name: value for name, line in lines.items() if (value := added_ns(line, top)) is not None}
    if top == "L0" or not added:
        return "Only level L0 was measured, so nothing can be said about what references add."
    floor = stats.median([stats.median(line["L0"].values) for line in lines.values() if "L0" in line])
    real = {name: value for name, value in added.items() if any(row.safe for row in lines[name].values())} or added
    least, most = min(real, key=real.get), max(real, key=real.get)
    words = (f"With {counted(threads, 'worker')} a packet costs {number(floor)} ns without any reference (L0); "
             f"charging at {top} adds {_adds(least, lines[least], top)}")
    return words + (f", and {_adds(most, lines[most], top)}." if most != least else ".")


def levels(results):
    """ns per packet against charge level, with the line-rate budgets, and what each level adds to L0."""
    title = "Cost of a packet against the charge level"
    rows, fixed = comparable(results, "netpath", ("level", "threads"))
    counts = sorted({row.threads for row in rows if row.shown})
    if not counts:
        return Figure("netpath_levels", title, None, "This run has no packets: the workload netpath was not measured.")
    chosen = sorted({counts[0], counts[-1]})
    figure, all_axes = subplots(len(chosen), 2, height=panel_height(len(_in_front({row.scheme for row in rows}))) * len(chosen), squeeze=False)
    sentences, ends = [], []
    for (left, right), threads in zip(all_axes, chosen):
        lines = by_level([row for row in rows if row.threads == threads])
        shown = levels_of(lines)
        _draw_absolute(left, lines, shown)
        ends.append((right, _draw_added(right, lines, shown)))
        workers = counted(threads, "worker")
        left.set_title(f"{workers}: the whole packet")
        right.set_title(f"{workers}: added to L0, in turn with it")
        left.set_ylabel("ns per packet of one worker (median)")
        right.set_ylabel("ns per packet added")
        sentences.append(_sentence(lines, shown, threads))
    for axes, end in ends:
        name_lines(axes, end)
    behind = len({row.scheme for row in rows}) - len(_in_front({row.scheme for row in rows}))
    cannot = ((f"Grey: {behind} further schemes, named in the next figure. " if behind else "")
              + "Budgets are for one core serving one port in one direction; n cores sharing a port have n times as much. "
              "What a level adds is taken against bursts at L0 within the same trial, except at L3; the points at L0 are L0 "
              "against itself, which is what the method can resolve. "
              f"Fixed: {fixed_text(fixed)}. There is no interrupt, DMA or driver in it, so the packet is cheaper than a kernel's. "
              + cannot_show(results, ("threads", "nodes")))
    return Figure("netpath_levels", title, figure, " ".join(sentences), cannot)
