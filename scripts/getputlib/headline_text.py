# SPDX-License-Identifier: MIT
"""The headline and its self-tests as text, as columns of a CSV file, and as a LaTeX table."""
from . import self_test, setting, stats
from .headline import SPEEDS_GBE, bound_of
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


def _line(one, levels):
    return (one.scheme, levels.name(one.level), one.added.text(), one.minus_none.text() if one.minus_none else "-",
            number(one.pairs_per_packet), number(one.slope_ns), number(one.isolated_ns),
            *(_share(one, speed) for speed in SPEEDS_GBE), number(one.copy_sd_ns), "yes" if one.resolved else "no")


HEADER = ("scheme", "level", "added ns", "minus none", "pairs", "ns/pair", "alone", *(f"{speed}G" for speed in SPEEDS_GBE),
          "copies", "resolved")


def title(one):
    """`Linux 6, staged, 2 workers, place:compact` of an entry of the headline or a self-test; no setting where it has no words."""
    return ", ".join(filter(None, (setting.words(tuple(one.fixed.items())), counted(one.threads, "worker"), f"place:{one.place}")))


def lines(entries, resolution, levels):
    """The headline as lines of text: one block for each setting, number of workers and placement."""
    blocks = {}
    for one in entries:
        blocks.setdefault(one.group, []).append(one)
    for group, own in blocks.items():
        bound = bound_of(resolution, group)
        control = f"L0 against itself: within {number(bound)} ns" if bound is not None else "L0 against itself: not measured, so nothing is resolved"
        frame = f", frames of {number(own[0].frame_bytes)} bytes" if own[0].frame_bytes else ""
        yield f"Added to one packet, {title(own[0])}{frame}. {control}."
        yield from aligned([HEADER, *(_line(one, levels) for one in own)], right=range(4, 11))
        yield ""
    if blocks:
        yield ("added: ns per packet beyond level 0, median over processes [95 % interval]; fewer than 6 values: their range. "
               "minus none: less what `none` adds.")
        yield ("ns/pair: minus none over pairs per packet; alone: a pair outside the path; 10G to 400G: share of the time per frame "
               "at line rate; copies: sd over compiled copies, ns.")


def self_test_lines(tests, controls, levels):
    """One line a scheme and setting: L5 + L6 against L7, the path against the isolated pair, level 3 as computed; then `none` against itself."""
    table = [("scheme", "setting", *self_test.SUM, "L5 + L6 - L7", "tolerance", "p", "verdict", "path/pair", "L3 computed")]
    for test in tests:
        table.append((
            test.scheme, title(test), *(number(test.levels.get(level)) for level in self_test.SUM), test.gap.text() if test.gap else "-",
            number(test.tolerance_ns), "-" if test.p is None else f"{test.p:.2g}", test.verdict or "not measured",
            number(test.path_to_pairs), number(test.l3_computed_ns)))
    yield from aligned(table, right=range(2, 7))
    yield from _null_lines(controls, levels)
    told = self_test.decisive(tests)
    counts = {verdict: [test for test in told if test.verdict == verdict] for verdict in
              (self_test.HELD, self_test.FAILED, self_test.CANNOT_TELL, self_test.NESTS)}
    yield (f"L5 + L6 = L7 within {self_test.TOLERANCE_NS} ns or {100 * self_test.TOLERANCE_SHARE:.0f} %, one worker: "
           + ", ".join(f"{len(own)} of {len(told)} {verdict}" for verdict, own in counts.items())
           + f"; p corrected after Holm for {sum(test.p is not None for test in tests)} tests")
    if nested := sorted({test.scheme for test in tests if test.verdict == self_test.NESTS}):
        yield f"left out, L7 costs less than L5 alone: references nest, and the later ones are cheaper: {', '.join(nested)}"


def _null_lines(controls, levels):
    for one in controls:
        text = f"`none` against `none` in other processes, {levels.name(one.level)}, {title(one)}: {one.split.text()} ns"
        yield f"{text}; below {number(one.floor_ns)} ns nothing is told" + ("" if not one.split.excludes(0.0) else ": NOT 0, the processes differ")


def as_latex(entries, levels):
    """A LaTeX table of the headline that needs no package."""
    from .latex import escape

    text = [r"% Needs no package. ns per packet beyond level 0 (median over processes, 95 % interval; range below n = 6).",
            r"\begin{tabular}{lllrrrrrr}", r"\hline",
            r"scheme & setting & level & workers & added & minus none & pairs & ns/pair & 10 GbE \\", r"\hline"]
    for one in entries:
        shown = [one.scheme, setting.words(one.setting) or "--", levels.name(one.level), str(one.threads), one.added.text(),
                 one.minus_none.text() if one.minus_none else "--", number(one.pairs_per_packet), number(one.slope_ns), _share(one, 10)]
        if not one.resolved:
            shown[4] += "*"
        text.append(" & ".join(map(escape, shown)) + r" \\")
    return "\n".join([*text, r"\hline", r"\end{tabular}", "% *: not resolved by this run."]) + "\n"
