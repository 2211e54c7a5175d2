# SPDX-License-Identifier: MIT
"""The headline and its self-tests as text, as columns of a CSV file, and as a LaTeX table."""
from . import stats
from .headline import CANNOT_TELL, FAILED, SPEEDS_GBE, TOLERANCE_NS, TOLERANCE_SHARE
from .words import aligned, counted, number

NO_FIELDS = dict.fromkeys((
    *(f"{name}_{part}" for name in ("added", "minus_none") for part in ("ns", "low_ns", "high_ns", "n")), "pairs_per_packet",
    "slope_ns", "isolated_pair_ns", *(f"budget_{speed}gbe" for speed in SPEEDS_GBE), "frame_bytes", "copy_sd_ns", "resolved"))
FIELDS = tuple(NO_FIELDS)


def _interval_fields(name, interval):
    return {f"{name}_ns": interval.point, f"{name}_low_ns": interval.low, f"{name}_high_ns": interval.high, f"{name}_n": interval.n}


def fields(one):
    """The columns of one headline.Added; those of NO_FIELDS."""
    minus = _interval_fields("minus_none", one.minus_none) if one.minus_none else {}
    budget = {f"budget_{speed}gbe": one.budget.get(speed) for speed in SPEEDS_GBE}
    return {**NO_FIELDS, **_interval_fields("added", one.added), **minus, **budget, "pairs_per_packet": one.pairs_per_packet,
            "slope_ns": one.slope_ns, "isolated_pair_ns": one.isolated_ns, "frame_bytes": one.frame_bytes,
            "copy_sd_ns": one.copy_sd_ns, "resolved": one.resolved}


def added_fields(row):
    """The columns that a cell without a headline still has: level 0 against itself, a pair with a baseline."""
    values = row.added()
    return {**NO_FIELDS, **_interval_fields("added", stats.interval(values))} if values else NO_FIELDS


def _share(one, speed):
    return f"{100.0 * one.budget[speed]:.0f} %" if speed in one.budget else "-"


def _line(one):
    return (one.scheme, one.level, one.added.text(), one.minus_none.text() if one.minus_none else "-", number(one.pairs_per_packet),
            number(one.slope_ns), number(one.isolated_ns), *(_share(one, speed) for speed in SPEEDS_GBE), number(one.copy_sd_ns),
            "yes" if one.resolved else "no")


HEADER = ("scheme", "level", "added ns", "minus none", "pairs", "ns/pair", "alone", *(f"{speed}G" for speed in SPEEDS_GBE),
          "copies", "resolved")


def lines(entries, resolution):
    """The headline as lines of text: one block for each number of workers, placement and set of other parameters."""
    blocks = {}
    for one in entries:
        blocks.setdefault((one.threads, one.place, tuple(one.fixed.items())), []).append(one)
    for (threads, place, fixed), own in blocks.items():
        bound = resolution.get((threads, place, fixed))
        control = f"L0 against itself: within {number(bound)} ns" if bound is not None else "L0 against itself: not measured, so nothing is resolved"
        frame = f", frames of {number(own[0].frame_bytes)} bytes" if own[0].frame_bytes else ""
        yield f"Added to one packet, {counted(threads, 'worker')}, place:{place}{frame}. {control}."
        yield from aligned([HEADER, *map(_line, own)], right=range(4, 11))
        yield ""
    if blocks:
        yield ("added: ns per packet beyond level 0, median over processes [95 % interval]; fewer than 6 values: their range. "
               "minus none: less what `none` adds.")
        yield ("ns/pair: minus none over pairs per packet; alone: a pair outside the path; 10G to 400G: share of the time per frame "
               "at line rate; copies: sd over compiled copies, ns.")


def self_test_lines(tests):
    """One line a scheme: L5 + L6 against L7, the path against the isolated pair, and level 3 as computed."""
    header = ("scheme", "workers", "place", "L5", "L6", "L7", "L5 + L6 - L7", "tolerance", "verdict", "path/pair", "L3 computed")
    table = [header]
    for test in tests:
        table.append((
            test.scheme, str(test.threads), test.place, *(number(test.levels.get(level)) for level in ("L5", "L6", "L7")),
            test.gap.text() if test.gap else "-", number(test.tolerance_ns), test.verdict or "not measured", number(test.path_to_pairs),
            number(test.l3_computed_ns)))
    yield from aligned(table, right=range(3, 8))
    told = [test for test in tests if test.threads == 1 and test.verdict]
    failed, blind = (sum(test.verdict == verdict for test in told) for verdict in (FAILED, CANNOT_TELL))
    yield (f"L5 + L6 = L7 within {TOLERANCE_NS} ns or {100 * TOLERANCE_SHARE:.0f} %, one worker: {len(told) - failed - blind} of "
           f"{len(told)} schemes held, {failed} failed, {blind} cannot tell")


def as_latex(entries):
    """A LaTeX table of the headline that needs no package."""
    from .latex import escape

    text = [r"% Needs no package. ns per packet beyond level 0 (median over processes, 95 % interval; range below n = 6).",
            r"\begin{tabular}{llrrrrrr}", r"\hline",
            r"scheme & level & workers & added & minus none & pairs & ns/pair & 10 GbE \\", r"\hline"]
    for one in entries:
        shown = [one.scheme, one.level, str(one.threads), one.added.text(), one.minus_none.text() if one.minus_none else "--",
                 number(one.pairs_per_packet), number(one.slope_ns), _share(one, 10)]
        if not one.resolved:
            shown[3] += "*"
        text.append(" & ".join(map(escape, shown)) + r" \\")
    return "\n".join([*text, r"\hline", r"\end{tabular}", "% *: not resolved by this run."]) + "\n"
