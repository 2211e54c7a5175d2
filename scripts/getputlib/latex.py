# SPDX-License-Identifier: MIT
"""The table of a paper: one row a scheme, plain LaTeX without packages."""
from . import contract, stats, style
from .figures.base import comparable
from .figures.charge import LEVELS, added_ns
from .figures.pairs import basic_rows
from .figures.removal import latency
from .results import WRONG
from .summary import number

ESCAPES = {"_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
           "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
NOTHING = "--"


def escape(text):
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def _cell(row):
    """Median and interval of a row, or why there is none."""
    if row is None:
        return NOTHING
    if row.verdict == WRONG:
        return r"\textbf{wrong}"
    if not row.shown:
        return escape(row.verdict.lower())
    low, high = row.interval
    interval = f" [{number(low)}, {number(high)}]" if low is not None else ""
    return f"{number(stats.median(row.values))}{interval}"


def _ratio(row, control):
    return number(row.ratio(control)) if row is not None and row.shown and row.ratio(control) else NOTHING


def _packet(results, scheme, threads):
    """(highest level measured, ns that it adds to L0)."""
    rows, _ = comparable(results, "netpath", ("level", "threads"))
    line = {row.params.get("level"): row for row in rows if row.scheme == scheme and row.threads == threads and row.shown}
    levels = [level for level in LEVELS if level in line]
    added = added_ns(line, levels[-1]) if levels else None
    return (levels[-1], number(added)) if added is not None and levels[-1] != "L0" else (None, NOTHING)


def _removal(results, scheme):
    rows = [row for row in results.of("removal") if row.scheme == scheme and row.shown]
    if not rows:
        return NOTHING
    row = max(rows, key=lambda r: (r.params.get("callers", 0), -r.params.get("hold_ns", 0)))
    value = latency(row, "drained_ns")[0]
    return number(value / 1000.0) if value is not None else NOTHING


def table(results):
    """The whole table as text."""
    pairs = basic_rows(results)
    most = max((row.threads for row in pairs), default=1)
    by_key = {(row.scheme, row.threads): row for row in pairs}
    level = next((found for name in results.schemes if (found := _packet(results, name, 1)[0])), "L7")
    lines = [
        r"% Needs no package. Medians with 95 % bootstrap intervals; ratios are medians of per-trial ratios.",
        r"\begin{tabular}{lrrrrrr}", r"\hline",
        rf"scheme & pair, 1 thread & / plain & pair, {most} threads & / fetch\_add & {level} $-$ L0 & drained \\",
        r" & ns & & ns & & ns/packet & $\mu$s \\", r"\hline",
    ]
    if any(row.in_session for row in pairs):
        lines.insert(1, f"% $^\\dagger$: {contract.IN_SESSION}.")
    for name in sorted(results.schemes, key=lambda n: _cost(by_key.get((n, 1)))):
        alone, crowd = by_key.get((name, 1)), by_key.get((name, most)) if most > 1 else None
        mark = r"$^\dagger$" if any(row is not None and row.in_session for row in (alone, crowd)) else ""
        words = [escape(style.scheme(name).label) + mark, _cell(alone), _ratio(alone, "plain"), _cell(crowd), _ratio(crowd, "fetch_add"),
                 _packet(results, name, 1)[1], _removal(results, name)]
        lines.append(" & ".join(words) + r" \\")
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def _cost(row):
    return stats.median(row.values) if row is not None and row.shown else float("inf")
