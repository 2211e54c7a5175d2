# SPDX-License-Identifier: MIT
"""The tables of a paper, plain LaTeX without packages: what references add to a packet, and what a pair and a removal cost."""
from . import contract, pair_cells, pair_prices, stats, style
from .answer import Answer, title
from .figures.pairs import basic_rows
from .figures.removal import busiest_rows
from .row import WRONG
from .words import counted

ESCAPES = {"_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
           "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
NOTHING = "--"


def escape(text):
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def _tabular(comments, headings, lines):
    """One tabular: scheme names left, everything else right."""
    alignment = "l" + "r" * (len(headings) - 1)
    text = [*(f"% {comment}" for comment in comments), rf"\begin{{tabular}}{{{alignment}}}", r"\hline",
            " & ".join(headings) + r" \\", r"\hline", *(" & ".join(line) + r" \\" for line in lines), r"\hline", r"\end{tabular}"]
    return "\n".join(text) + "\n"


def headline_tables(results):
    """What references add to a packet: a table a level of the answer; empty where that was not measured."""
    answer = Answer(results)
    return "\n".join(_headline_table(answer, level) for level in answer.levels)


def _headline_table(answer, level):
    lines = []
    for row in (found for part in answer.rows(level) for found in part):
        shown = (row["scheme"], row["source"], *row["values"], row["slope"], row["isolated"], *row["shares"])
        lines.append([escape(text) for text in shown])
    comments = [f"{title(answer, level)}. Needs no package. ns per packet {answer.main.beyond}: median and 95 % interval over n processes; "
                "below n = 6 the range.", "0 within resolution: not told from L0 against L0, or the interval contains 0."]
    comments += filter(None, [answer.remark()])
    return _tabular(comments, [escape(text) for text in answer.headings(level)], lines)


def _cell(row):
    """Median and interval of a row, or why there is none."""
    if row is None:
        return NOTHING
    if row.verdict == WRONG:
        return r"\textbf{wrong}"
    return escape(row.estimate.text() if row.shown else row.verdict.lower())


def _ratio(row, control):
    ratios = row.ratios(control) if row is not None and row.shown else []
    return escape(stats.interval(ratios).text()) if ratios else NOTHING


def _removal(row):
    """Median of the median removals in microseconds, with its interval."""
    values = row.metric("drained_ns_p50") if row is not None else []
    return escape(stats.interval([value / 1000.0 for value in values]).text()) if values else NOTHING


def pair_table(results):
    """What a pair costs alone and with the most threads on one object, and how long a removal takes."""
    pairs = basic_rows(results)
    most = max((row.threads for row in pairs), default=1)
    by_key = {(row.scheme, row.threads): row for row in pairs}
    removals = {row.scheme: row for row in busiest_rows(results)}
    inside = pair_cells.inside(results)
    comments = ["Needs no package. Medians with 95 % intervals over n processes; below n = 6 the range."]
    if any(row.in_session for row in pairs):
        comments.append(rf"$^\dagger$: {contract.IN_SESSION}.")
    comments += filter(None, [pair_cells.inside_words(inside)])
    crowd_text = counted(most, "thread")
    headings = ["scheme", "ns per pair, 1 thread", "/ plain", *(pair_prices.INSIDE_HEADINGS[:1] if inside else ()),
                f"ns per pair, {crowd_text}", r"/ fetch\_add", r"drained, $\mu$s"]
    unsafe = {row.scheme for row in results.rows if row.unsafe}
    lines = []
    for name in sorted(set(results.schemes) - unsafe, key=lambda n: (_cost(by_key.get((n, 1))), n)):
        alone, crowd = by_key.get((name, 1)), by_key.get((name, most)) if most > 1 else None
        mark = r"$^\dagger$" if any(row is not None and row.in_session for row in (alone, crowd)) else ""
        lines.append([escape(style.scheme(name).label) + mark, _cell(alone), _ratio(alone, "plain"),
                      *map(escape, pair_prices.inside_texts(inside, name)[:1]), _cell(crowd), _ratio(crowd, "fetch_add"),
                      _removal(removals.get(name))])
    return _tabular(comments, headings, lines)


def _cost(row):
    return row.estimate.point if row is not None and row.shown else float("inf")


def table(results):
    """All tables as text."""
    return "\n".join(filter(None, (headline_tables(results), pair_table(results))))
