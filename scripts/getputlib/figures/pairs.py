# SPDX-License-Identifier: MIT
"""What a pair costs: by scheme with one thread, and against the number of threads."""
from .. import pair_cells, pair_prices
from ..contract import SESSION
from ..results import NOT_ENOUGH
from .base import (Figure, bars, cannot_show, fixed_text, name_lines, names_of, number, panel_height, plain_number_axis, stats,
                   style, subplots, whisker)


def basic_rows(results):
    """One shared object, no hold time, put by the same thread: what tables of pairs are made of."""
    return pair_cells.rows_of(results)[0]


def handed_rows(results):
    """As basic_rows, with references that another thread puts."""
    return pair_cells.rows_of(results, put="other")[0]


def cheapest_first(results):
    """The measured basic cells of one thread, by their median."""
    return sorted((row for row in basic_rows(results) if row.threads == 1 and row.shown), key=lambda row: stats.median(row.values))


def _label(row):
    return style.scheme(row.scheme).label + (" †" if row.in_session else "")


def _sessions(rows):
    """What the daggers mean, where there are any."""
    return f" {SESSION}." if any(row.in_session for row in rows) else ""


def _control_ns(rows, name):
    return stats.median([value for row in rows if row.shown for value in row.control(name) if value])


def _mark_controls(axes, rows):
    """Vertical lines at the controls of the same run; the corner left of the expensive schemes is free."""
    for name in ("plain", "chain", "fetch_add"):
        value, look = _control_ns(rows, name), style.control(name)
        if value:
            axes.axvline(value, color=look.color, linestyle=look.line, linewidth=0.9, zorder=1,
                         label=f"{look.label}: {number(value)} ns")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left" if len(rows) > 4 else "best", title="controls of this run", title_fontsize=7.5,
                    frameon=True, framealpha=0.95, edgecolor="#DDDDDD")


def _columns(row, added):
    """[(place right of the axes, text)] of a row."""
    few = f"n={row.estimate.n}" if row.verdict == NOT_ENOUGH else ""
    ratio = row.ratio("plain")
    texts = [f"{number(row.estimate.point)} ns", f"{number(ratio)}×" if ratio else "", *added, few]
    return zip((1.125, 1.225, *((1.39,) if added else ()), 1.5 if added else 1.33), texts)


def _draw_cost(rows, silent, inside):
    figure, axes = subplots(height=0.9 + 0.27 * max(len(rows) + len(silent), 5))
    for position, row in enumerate(rows):
        look = style.scheme(row.scheme)
        middle = row.estimate.point
        whisker(axes, position, row.estimate, look.color)
        axes.plot(middle, position, color=look.color, marker=look.marker, markersize=6.5, linestyle="none", zorder=3)
        added = [f"{inside[row.scheme].added.point:+z.2f} ns" if row.scheme in inside else ""] if inside else []
        for place, text in _columns(row, added):
            axes.annotate(text, (place, position), xycoords=("axes fraction", "data"), va="center", ha="right", fontsize=8.0)
    for position, row in enumerate(silent, len(rows)):
        bold = "bold" if row.verdict == "WRONG" else "normal"
        axes.annotate(row.verdict, (1.01, position), xycoords=("axes fraction", "data"), va="center", fontsize=8.0,
                      color="#B00020" if bold == "bold" else "#666666", fontweight=bold)
    axes.set_yticks(range(len(rows) + len(silent)), [_label(row) for row in [*rows, *silent]])
    axes.set_ylim(len(rows) + len(silent) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xscale("log")
    if inside:
        axes.annotate("inside\nother work", (1.39, 1.0), xycoords="axes fraction", va="bottom", ha="right", fontsize=7.5)
    _mark_controls(axes, rows)
    marks = [value for name in ("plain", "fetch_add") if (value := _control_ns(rows, name))]
    marks += [bound for row in rows for bound in row.interval if bound] + [stats.median(row.values) for row in rows]
    axes.set_xlim(min(marks) / 1.3, max(marks) * 1.3)
    plain_number_axis(axes.xaxis)
    dagger = "\n† timed inside a session" if any(row.in_session for row in rows) else ""
    axes.set_xlabel(f"ns for try_get and put, one thread (median; logarithmic){dagger}")
    if plain := _control_ns(rows, "plain"):
        upper = axes.secondary_xaxis("top", functions=(lambda x: x / plain, lambda x: x * plain))
        upper.set_xlabel("ratio to the control `plain`")
        upper.set_xlim(*(bound / plain for bound in axes.get_xlim()))
        plain_number_axis(upper.xaxis)
        axes.spines["top"].set_visible(True)
    return figure


def _tied(rows):
    """The rows that may be the cheapest: one is a winner, several are a tie."""
    by_name = {row.scheme: row for row in rows}
    return [by_name[name] for name in stats.best_subset({name: row.values for name, row in by_name.items()})]


def _cost_sentence(rows):
    safe = [row for row in rows if row.safe] or rows
    real = [row for row in safe if not row.in_session] or safe
    best, last = _tied(real), real[-1]
    prices = f"{number(best[0].estimate.point)} ns per pair, {number(best[0].ratio('plain'))}x `plain`"
    if len(best) == 1:
        words = f"With one thread {style.scheme(best[0].scheme).label} is the cheapest scheme that protects a module: {prices}"
    else:
        named = ", ".join(style.scheme(row.scheme).label for row in best[:4]) + (f" and {len(best) - 4} more" if len(best) > 4 else "")
        words = f"With one thread {len(best)} schemes that protect a module tie for the cheapest ({named}): from {prices}"
    if last not in best:
        words += (f"; {style.scheme(last.scheme).label} is the most expensive with {number(last.estimate.point)} ns, "
                  f"{number(last.ratio('plain'))}x")
    cheaper = [row for row in safe if row.in_session and row.estimate.point < best[0].estimate.point]
    if cheaper:
        words += "; inside a session " + " and ".join(
            f"{style.scheme(row.scheme).label} costs {number(row.estimate.point)} ns" for row in cheaper)
    fetch_add, plain = _control_ns(rows, "fetch_add"), _control_ns(rows, "plain")
    if fetch_add and plain:
        words += f". One uncontended fetch_add costs {number(fetch_add)} ns here, `plain` {number(plain / fetch_add)} of it"
    return words + "."


def cost(results):
    """Pair cost by scheme, one thread."""
    rows, place = pair_cells.rows_of(results)
    rows, shown = [row for row in rows if row.threads == 1], cheapest_first(results)
    title = "Cost of a pair, one thread"
    if not shown:
        return Figure("pair_cost", title, None, "This run has no pairs measured with one thread.")
    silent = sorted((row for row in rows if not row.shown and not row.unsafe), key=lambda row: (row.verdict, row.scheme))
    inside = pair_cells.inside(results)
    fixed = {key: value for key, value in pair_cells.BASIC.items() if key != "inside"}
    cannot = f"Fixed: {fixed_text({**fixed, 'place': place})}. " + cannot_show(results, ("nodes", "smt"))
    if results.env["machine"]["virtualisation"]["hypervisor"]:
        cannot += " It is a virtual machine: ratios mean more than nanoseconds."
    cannot += f" {bars([row.estimate for row in shown])}{_sessions(shown)}"
    says = " ".join(filter(None, (_cost_sentence(shown), pair_cells.inside_words(inside))))
    return Figure("pair_cost", title, _draw_cost(shown, silent, inside), says, cannot, pair_prices.table(results, shown, inside),
                  names_of([*shown, *(one.row for one in inside.values())]))


def _lines(results, object_kind):
    """{scheme: {threads: row}}; one thread's own object is the shared one."""
    rows, place = pair_cells.rows_of(results, object=object_kind)
    lines = {}
    if object_kind != "shared":
        rows = [row for row in pair_cells.rows_of(results)[0] if row.threads == 1 and row.cell["placement"]["policy"] == place] + rows
    for row in rows:
        if row.shown:
            lines.setdefault(row.scheme, {})[row.threads] = row
    return {name: line for name, line in lines.items() if len(line) > 1}


def _draw_panel(axes, lines, title):
    ends, counts = [], sorted({threads for line in lines.values() for threads in line})
    for name, line in sorted(lines.items()):
        look, points = style.scheme(name), sorted(line.items())
        for count, row in points:
            whisker(axes, count, row.estimate, look.color, vertical=True)
        axes.plot([count for count, _ in points], [row.estimate.point for _, row in points], color=look.color,
                  marker=look.marker, linestyle=look.line, zorder=3)
        ends.append((_label(points[-1][1]), look.color, points[-1][0], points[-1][1].estimate.point))
    fetch_add = style.control("fetch_add")
    control = [(t, _control_ns([line[t] for line in lines.values() if t in line], "fetch_add")) for t in counts]
    control = [(threads, value) for threads, value in control if value]
    if control:
        axes.plot(*zip(*control), color=fetch_add.color, linestyle=fetch_add.line, linewidth=1.0)
        ends.append((fetch_add.label, fetch_add.color, *control[-1]))
    if counts[-1] > 8:
        axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.margins(x=0.06)
    plain_number_axis(axes.yaxis)
    axes.set_xlabel("threads, one per CPU")
    axes.set_title(title)
    return ends


def _threads_sentence(lines):
    growth = {}
    safe = {name: line for name, line in lines.items() if any(row.safe for row in line.values())} or lines
    for name, line in safe.items():
        few, many = min(line), max(line)
        growth[name] = (stats.median(line[many].values) / stats.median(line[few].values), few, many)
    worst = max(growth, key=lambda name: growth[name][0])
    flat = sorted(name for name, (factor, _, _) in growth.items() if factor <= 1.25)
    factor, few, many = growth[worst]
    words = f"From {few} to {many} threads on one object, {style.scheme(worst).label} slows down by {number(factor)}x"
    if flat and worst not in flat:
        words += f"; {', '.join(style.scheme(name).label for name in flat)} stay{'s' if len(flat) == 1 else ''} within 1.25x"
    return words + "."


def threads(results):
    """Pair cost against the number of threads: one shared object, and one object per thread."""
    panels = [(kind, lines) for kind in ("shared", "own") if (lines := _lines(results, kind))]
    title = "Cost of a pair against threads"
    if not panels:
        return Figure("pair_threads", title, None, "This run has no pairs with more than one number of threads.")
    figure, all_axes = subplots(1, len(panels), height=panel_height(len(panels[0][1]) + 1), sharey=True, squeeze=False)
    names = {"shared": "one object for all threads", "own": "an object for each thread"}
    ends = [_draw_panel(axes, lines, names[kind]) for axes, (kind, lines) in zip(all_axes[0], panels)]
    all_axes[0][0].set_ylabel("ns for a pair of one thread (median)")
    for axes, end in zip(all_axes[0], ends):
        name_lines(axes, end)
    shows = _threads_sentence(panels[0][1]) if panels[0][0] == "shared" else "Only objects of one thread each were measured."
    drawn = [row for _, lines in panels for line in lines.values() for row in line.values()]
    cannot = f"{cannot_show(results, ('threads', 'nodes', 'caches', 'smt'))} {bars([row.estimate for row in drawn])}{_sessions(drawn)}"
    return Figure("pair_threads", title, figure, shows, cannot, cells=names_of(drawn))
