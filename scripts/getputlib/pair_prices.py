# SPDX-License-Identifier: MIT
"""What a pair of each scheme costs one thread, as a table: back to back, and inside other work where that was measured."""
from . import pair_cells, stats, style

NOT_MEASURED = "not measured"
INSIDE_HEADINGS = (f"{pair_cells.INSIDE}, ns", f"{pair_cells.INSIDE}, of the chain")


def inside_texts(inside, scheme):
    """The cells of a scheme in the columns of INSIDE_HEADINGS; none for a run without such cells."""
    if not inside:
        return ()
    return inside[scheme].texts if scheme in inside else (NOT_MEASURED, NOT_MEASURED)


def _source(scheme):
    return scheme.get("generation") or scheme.get("origin") or "-"


def table(results, rows, inside):
    """(headings, lines) of `rows`, the basic cells of one thread, in their order."""
    lines = []
    for row in rows:
        ratios = row.ratios("plain")
        lines.append((style.scheme(row.scheme).label + (" †" if row.in_session else ""), _source(results.schemes[row.scheme]),
                      row.estimate.text(), stats.interval(ratios).text() if ratios else "-", *inside_texts(inside, row.scheme)))
    return ("scheme", "kernel or source", "back to back, ns", "/ plain", *(INSIDE_HEADINGS if inside else ())), lines
