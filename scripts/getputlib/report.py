# SPDX-License-Identifier: MIT
"""`getput report`: one HTML file that needs nothing else, and the same figures as files for a paper."""
import base64
import csv
import html
import io
import json
import os
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

from . import advice, contract, first_screen, fresh, headline, headline_text, latex, peers, stats, style, tables, trust
from .errors import EXIT_OK, REPORTS, environment_error, note
from .figures import base, lineage, machine, netpath, netpath_ranking, pairs, removal, slope
from .plan import duration
from .row import CRASHED, NO_VALID_TRIALS, NOT_AVAILABLE, NOT_ENOUGH, NOT_POSSIBLE, WRONG
from .results import Results
from .summary import as_csv, interval_text, ratio_text, records
from .words import counted, number, params_text

FIGURES = (netpath_ranking.ranking, slope.slope, netpath.levels, pairs.cost, pairs.threads, lineage.lineage, removal.latencies,
           machine.topology)
TEMPLATE = "report.html.j2"
HEADLINE_FIGURE = "netpath_ranking"


def inline_svg(text, key, title):
    """An SVG file as an element of a page: no prolog, ids of its own, a name for those who cannot see it."""
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', text)
    text = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{key}-\2"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", text)
    return text.replace("<svg", f'<svg role="img" aria-label="{html.escape(title, quote=True)}"', 1)


def draw(results, folder, figures=FIGURES, kinds=base.KINDS):
    """Figures as dictionaries for the template; writes the files of each."""
    import matplotlib

    drawn = []
    style.tell_apart(results.schemes, [name for name, scheme in results.schemes.items() if contract.is_peer(scheme)])
    with matplotlib.rc_context(base.RC):
        for make in figures:
            figure = make(results)
            svg = inline_svg(figure.save(folder, kinds), figure.key, figure.title) if figure.drawing is not None else None
            drawn.append({"key": figure.key, "title": figure.title, "svg": svg, "shows": figure.shows, "cannot": figure.cannot,
                          "table": figure.table, "cells": figure.cells})
    return drawn


def _date(seconds):
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _facts(results):
    """When, for how long and how much was measured."""
    plan, sessions = results.plan, results.manifest["sessions"]
    kept = sum(len(row.kept) for row in results.rows)
    spent = sum(s["end_unix_s"] - s["start_unix_s"] for s in sessions if s["end_unix_s"])
    yield "measured", f"{_date(sessions[0]['start_unix_s'])}, {duration(spent)}" if sessions else "never begun"
    yield "trials", (f"{kept} kept, {sum(row.rejected for row in results.rows)} attempts rejected, {len(plan['trials'])} planned, "
                     f"profile {plan['run']['selection']['profile']}, seed {plan['seed']}")
    yield "host", results.env["machine"]["hostname"] or "without a name"


def _flatten(value, prefix=""):
    """Nested facts as (name, text) rows."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(inner, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list):
        yield prefix, ", ".join(map(str, value)) if all(not isinstance(v, (dict, list)) for v in value) else json.dumps(value)
    else:
        yield prefix, _word(value)


def _word(value):
    if value is None:
        return "not reported"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _environment_rows(env):
    hidden = ("machine.topology.cpus", "topology", "schema")
    return [(key, text) for key, text in _flatten(env) if not any(key == h or key.startswith(h + ".") for h in hidden)]


def _noise(results):
    """Remarks on the quality of the data, each computed."""
    unsteady = [row for row in results.rows if row.shown and (value := stats.variation(row.values)) is not None and value > 0.1]
    if unsteady:
        names = ", ".join(row.cell["name"] for row in unsteady[:3])
        yield f"{len(unsteady)} cells vary by more than 10 % between processes (for example {names}): read their intervals."


def in_no_figure(results, figures):
    """(number of measured cells that no figure shows, [(workload and parameters, cells)]), the largest group first."""
    drawn = set().union(*(figure["cells"] for figure in figures))
    groups = Counter()
    for row in results.rows:
        if row.shown and row.cell["name"] not in drawn:
            params = {key: value for key, value in row.params.items() if key != "threads"}
            groups[f"{row.workload} {params_text(params)} place:{row.place}, {counted(row.threads, 'thread')}"] += 1
    return sum(groups.values()), sorted(groups.items(), key=lambda item: (-item[1], item[0]))


def _silent(results):
    """Cells without a number, grouped by what they have in common."""
    groups = {}
    for row in results.with_verdict(NOT_POSSIBLE, NOT_AVAILABLE, CRASHED, NO_VALID_TRIALS, NOT_ENOUGH):
        groups.setdefault((row.scheme, row.workload, row.verdict, row.detail()), []).append(row)
    return [(scheme, workload, verdict, len(rows), detail or "") for (scheme, workload, verdict, detail), rows in sorted(
        groups.items(), key=lambda item: tuple(map(str, item[0])))]


def _wrong(results):
    """[(cell, detail)] of schemes that claim to be safe and were found not to be."""
    return [(row.cell["name"], row.wrong) for row in results.with_verdict(WRONG)]


def _summary_tables(rows):
    tables = {}
    for row in rows:
        shown = {
            **row, "params": params_text(row["params"]), "median": number(row["median_ns"]),
            "interval": interval_text(row),
            "to_plain": ratio_text(row), "to_fetch_add": number(row["ratio_to_fetch_add"]),
        }
        tables.setdefault(row["workload"], []).append(shown)
    return tables


def headline_csv(results):
    """The headline as CSV: a row per scheme, level, setting and number of workers."""
    entries = headline.table(results)
    keys = list(dict.fromkeys(key for one in entries for key in one.fixed))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("scheme", "level", "level_name", *keys, "workers", "place", *headline_text.FIELDS))
    for one in entries:
        writer.writerow((one.scheme, one.level, results.levels.word(one.level), *(one.fixed.get(key) for key in keys), one.threads, one.place,
                         *headline_text.fields(one).values()))
    return out.getvalue()


def _downloads(documents):
    """[(file name, data: address)]: the page carries them, so that it can be moved and mailed by itself."""
    kinds = {"csv": "text/csv", "tex": "text/x-tex", "svg": "image/svg+xml"}
    return [(name, f"data:{kinds[name.rpartition('.')[2]]};base64,{base64.b64encode(text.encode('utf-8')).decode('ascii')}")
            for name, text in documents.items() if text]


def render(results, figures, rows, documents):
    """The page as text; the template escapes every value, only the drawings are markup already."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    for figure in figures:
        figure["svg"] = Markup(figure["svg"]) if figure["svg"] else None
    loader = FileSystemLoader(REPORTS / "template")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return page.get_template(TEMPLATE).render(
        screen=first_screen.screen(results), facts=list(_facts(results)), wrong=_wrong(results),
        crashes=results.manifest["crashes"], figures=figures, downloads=_downloads(documents), trust=trust.table(results),
        unseen=in_no_figure(results, figures), tables=_summary_tables(rows), packets=list(results.packet_lines()),
        silent=_silent(results), noise=list(_noise(results)), advice=advice.table(results), contracts=tables.contracts(results), peers=peers.table(results),
        code=tables.code(results), footprint=tables.bytes_of(results), schemes=list(results.schemes.values()),
        environment=_environment_rows(results.env), latex=documents["table.tex"],
    )


def _write(results, drawings, texts, output):
    """Writes the page alone to `output`, or everything into the results directory; returns the files for the user."""
    if output is not None:
        fresh.write(output, texts["report.html"])
        return [str(output)]
    directory = results.directory
    if not os.access(directory.path, os.W_OK):
        raise environment_error(f"{directory.path} cannot be written: with -o FILE the page is written elsewhere")
    fresh.copy_all(drawings, fresh.folder(directory.file("figures")))
    for name, text in texts.items():
        fresh.write(directory.file(name), text)
    return [str(directory.file(name)) for name in texts]


def command(arguments):
    """Writes report.html, figures/, table.tex, headline.csv and summary.csv into the results directory, or one page with -o.

    Exit 0 when they are written, also about a WRONG scheme: that is what a report has to show, and
    what `run` and `summary` end with 1 for.
    """
    results = Results.load(arguments.directory)
    rows = records(results)
    with tempfile.TemporaryDirectory() as folder:
        figures = draw(results, Path(folder))
        drawn = Path(folder, f"{HEADLINE_FIGURE}.svg")
        documents = {"headline.csv": headline_csv(results), "table.tex": latex.table(results)}
        svg = {drawn.name: drawn.read_text(encoding="utf-8")} if drawn.exists() else {}
        page = render(results, figures, rows, {**documents, **svg})
        written = _write(results, folder, {"report.html": page, "summary.csv": as_csv(rows), **documents}, arguments.output)
    missing = [figure["key"] for figure in figures if figure["svg"] is None]
    if arguments.json:
        print(json.dumps({"files": written, "figures": [f["key"] for f in figures if f["svg"]], "not_drawn": missing}, indent=1))
    else:
        print("\n".join(written))
    for figure in figures:
        if figure["svg"] is None:
            note(f"no figure {figure['key']}: {figure['shows']}")
    for scheme, detail in results.wrong_schemes().items():
        note(f"WRONG: {scheme}: {detail}")
    return EXIT_OK
