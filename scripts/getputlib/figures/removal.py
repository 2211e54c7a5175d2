# SPDX-License-Identifier: MIT
"""What taking the module away costs: stop to refusing, stop to drained, an attempt that fails."""
from ..summary import short_time
from .base import Figure, cannot_show, closed, comparable, counted, fixed_text, names_of, nanoseconds_axis, number, stats, style, subplots

PANELS = (
    ("stop_ns", "stop → refusing"),
    ("drained_ns", "stop → drained"),
    ("failed_attempt_ns", "a failed attempt"),
)


def latency(row, metric):
    """(median over trials of the trial's median, of its 99th percentile); None for what a scheme has not."""
    middle, high = row.metric(f"{metric}_p50"), row.metric(f"{metric}_p99")
    return stats.median(middle), stats.median(high)


def busiest_rows(results):
    """Rows of removal with the most active callers that were measured, alike in everything else."""
    rows = [row for row in comparable(results, "removal", ("callers", "threads"))[0] if row.shown]
    most = max((row.params.get("callers", 0) for row in rows), default=0)
    return [row for row in rows if row.params.get("callers", 0) == most]


def _draw_panel(axes, order, by_callers, metric):
    """One panel; filled and hollow markers are the most and the fewest callers."""
    drawn = False
    callers = sorted(by_callers)
    for shift, count in zip((-0.17, 0.17) if len(callers) > 1 else (0.0,), callers):
        for position, name in enumerate(order):
            row = by_callers[count].get(name)
            middle, high = latency(row, metric) if row else (None, None)
            if middle is None or middle <= 0.0:
                continue
            look, drawn = style.scheme(name), True
            fill = "white" if count == callers[0] and len(callers) > 1 else look.color
            axes.plot([middle, max(high or middle, middle)], [position + shift] * 2, color=look.color, linewidth=1.0, alpha=0.7)
            axes.plot(middle, position + shift, color=look.color, marker=closed(look.marker), markersize=5.5,
                      markerfacecolor=fill, linestyle="none")
    return drawn


def _silence(axes, order, by_callers, metric):
    """Says so where a scheme cannot do it, instead of leaving a gap that looks like zero."""
    for position, name in enumerate(order):
        rows = [by_scheme[name] for by_scheme in by_callers.values() if name in by_scheme]
        if rows and all(latency(row, metric)[0] is None for row in rows):
            axes.annotate("not possible", (0.02, position), xycoords=("axes fraction", "data"), fontsize=7.0, color="#777777",
                          va="center")


def _sentence(order, by_callers):
    callers = max(by_callers)
    drained = {name: values for name in order if (row := by_callers[callers].get(name)) and (values := row.metric("drained_ns_p50"))}
    if not drained:
        return "No scheme drained in this run."
    best = stats.best_subset(drained)
    most = max(drained, key=lambda name: stats.median(drained[name]))
    active = counted(callers, "active caller") if callers else "no active caller"
    names = ", ".join(style.scheme(name).label for name in best[:4]) + (f" and {len(best) - 4} more" if len(best) > 4 else "")
    words = f"With {active} the median removal takes {short_time(min(stats.median(drained[name]) for name in best))} with {names}"
    if len(best) > 1:
        words += ", which this run does not separate"
    return words + (f", and {short_time(stats.median(drained[most]))} with {style.scheme(most).label}." if most not in best else ".")


def _table(by_callers, order):
    """The same in numbers, with what the drawing has not: how many removals, the slowest, and how many barriers one takes."""
    headings = ("scheme", "callers", "removals", "stop → refusing", "stop → drained", "in membarriers", "99 %", "slowest", "over 1 ms")
    rows = []
    for callers, by_scheme in sorted(by_callers.items()):
        for name in order:
            row = by_scheme.get(name)
            if row is None or latency(row, "drained_ns")[0] is None:
                continue
            barriers = stats.median_of_ratios(row.metric("drained_ns_p50"), row.metric("membarrier_ns_p50"))
            slow = row.metric("drained_over_1ms")
            times = (latency(row, "stop_ns")[0], latency(row, "drained_ns")[0], latency(row, "drained_ns")[1],
                     max(row.metric("drained_ns_max"), default=None))
            refusing, drained, high, slowest = ("-" if value is None else short_time(value) for value in times)
            rows.append((style.scheme(name).label, callers, f"{sum(row.metric('removals')):,.0f}", refusing, drained,
                         "-" if barriers is None else number(barriers), high, slowest,
                         f"{sum(slow):,.0f}" if slow else "-"))
    return headings, rows


def latencies(results):
    """Removal latency by scheme: median as a marker, 99th percentile as the end of the line."""
    title = "What a removal costs"
    rows, fixed = comparable(results, "removal", ("callers", "threads"))
    rows = [row for row in rows if row.shown]
    if not rows:
        return Figure("removal", title, None, "This run has no removals: the workload was not measured.")
    counts = sorted({row.params.get("callers", 0) for row in rows})
    by_callers = {count: {row.scheme: row for row in rows if row.params.get("callers", 0) == count}
                  for count in sorted({counts[0], counts[-1]})}
    most = by_callers[max(by_callers)]
    names = {row.scheme for row in rows}
    order = sorted(names, key=lambda name: stats.median(most[name].values) if name in most else float("inf"))
    figure, all_axes = subplots(1, len(PANELS), height=1.2 + 0.33 * len(order), sharey=True)
    for axes, (metric, text) in zip(all_axes, PANELS):
        if _draw_panel(axes, order, by_callers, metric):
            axes.set_xscale("log")
            low, high = axes.get_xlim()
            axes.set_xlim(low / 1.3, high * 1.3)
            nanoseconds_axis(axes.xaxis)
        _silence(axes, order, by_callers, metric)
        axes.set_title(text)
        axes.grid(axis="y", visible=False)
    all_axes[0].set_yticks(range(len(order)), [style.scheme(name).label for name in order])
    all_axes[0].set_ylim(len(order) - 0.4, -0.6)
    legend = "marker: median, end of the line: 99th percentile, medians over trials"
    if len(by_callers) > 1:
        legend += f"; hollow: {min(by_callers)} active callers, filled: {max(by_callers)}"
    figure.supxlabel(legend, fontsize=7.5)
    drawn = [row for by_scheme in by_callers.values() for row in by_scheme.values()]
    return Figure("removal", title, figure, _sentence(order, by_callers),
                  f"Fixed: {fixed_text(fixed)}. {cannot_show(results, ('threads', 'nodes'))}", _table(by_callers, order),
                  cells=names_of(drawn))
