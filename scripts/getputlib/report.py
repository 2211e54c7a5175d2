# SPDX-License-Identifier: MIT
"""`getput report`: one HTML file that needs nothing else, and the same figures as files for a paper."""
import html
import json
import re
import time

from . import advice, environment, latex, stats, style, tables
from .errors import EXIT_OK, REPORTS, note
from .figures import base, lineage, machine, netpath, netpath_ranking, pairs, removal
from .plan import duration
from .results import CRASHED, NO_VALID_TRIALS, NOT_AVAILABLE, NOT_ENOUGH, NOT_POSSIBLE, WRONG, Results
from .store import disk_errors
from .summary import as_csv, number, params_text, ratio_text, records
from .words import counted

FIGURES = (machine.topology, lineage.lineage, pairs.cost, pairs.threads, netpath.levels,
           netpath_ranking.ranking, removal.latencies)
TEMPLATE = "report.html.j2"


def inline_svg(text, key, title):
    """An SVG file as an element of a page: no prolog, ids of its own, a name for those who cannot see it."""
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', text)
    text = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{key}-\2"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", text)
    return text.replace("<svg", f'<svg role="img" aria-label="{html.escape(title, quote=True)}"', 1)


def draw(results, folder):
    """All figures as dictionaries for the template; writes SVG, PDF and PNG of each."""
    import matplotlib

    drawn = []
    style.tell_apart(results.schemes)
    with matplotlib.rc_context(base.RC):
        for make in FIGURES:
            figure = make(results)
            svg = inline_svg(figure.save(folder), figure.key, figure.title) if figure.drawing is not None else None
            drawn.append({"key": figure.key, "title": figure.title, "svg": svg, "shows": figure.shows, "cannot": figure.cannot,
                          "table": figure.table})
    return drawn


def _date(seconds):
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _facts(results):
    """The first lines of the page: what ran where, and how it went."""
    env, plan = results.env, results.plan
    sessions, kept = results.manifest["sessions"], sum(len(row.kept) for row in results.rows)
    spent = sum(s["end_unix_s"] - s["start_unix_s"] for s in sessions if s["end_unix_s"])
    source = env["source"]
    commit = (source["commit"] or "not from a repository")[:12] + (", with changes" if source["dirty"] else "")
    yield "machine", f"{env['machine']['cpu']['model']}, {counted(len(env['machine']['allowed_cpus']), 'CPU')}, {env['machine']['os']}"
    yield "measured", f"{_date(sessions[0]['start_unix_s'])}, {duration(spent)}" if sessions else "never begun"
    yield "trials", (f"{kept} kept, {sum(row.rejected for row in results.rows)} attempts rejected, {len(plan['trials'])} planned, "
                     f"profile {plan['run']['selection']['profile']}, seed {plan['seed']}")
    yield "source", commit
    if results.manifest["state"] != "finished":
        yield "not finished", results.manifest["state"]
    steal = environment.steal_percent(env["load"])
    if steal is not None and steal > 0.5:
        yield "stolen time", f"{steal:.1f} % of CPU time went to other virtual machines"


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
        return "not told"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _environment_rows(env):
    hidden = ("machine.topology.cpus", "topology", "schema")
    return [(key, text) for key, text in _flatten(env) if not any(key == h or key.startswith(h + ".") for h in hidden)]


def _noise(results):
    """Remarks on the quality of the data, each computed."""
    unsteady = [row for row in results.rows if row.shown and (value := stats.variation(row.values)) is not None and value > 0.1]
    if unsteady:
        names = ", ".join(row.cell["name"] for row in unsteady[:3])
        yield f"{len(unsteady)} cells vary by more than 10 % between trials (for example {names}): read their intervals."
    few = [row for row in results.rows if row.shown and len(row.kept) < 9]
    if few:
        yield f"{len(few)} cells have fewer than 9 kept trials: a comparison with another run will often not be able to tell."
    yield from results.plan["run"]["remarks"]
    yield from results.manifest["remarks"]


def _rejections(results):
    table = []
    for workload, (kept, rejected, reasons) in sorted(results.rejected_by_reason().items()):
        words = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()) or "-"
        table.append((workload, kept, rejected, f"{100.0 * rejected / (kept + rejected):.1f} %" if kept + rejected else "-", words))
    return table


def _silent(results):
    """Cells without a number, grouped by what they have in common."""
    groups = {}
    for row in results.with_verdict(NOT_POSSIBLE, NOT_AVAILABLE, CRASHED, NO_VALID_TRIALS, NOT_ENOUGH):
        groups.setdefault((row.scheme, row.workload, row.verdict, row.detail()), []).append(row)
    return [(scheme, workload, verdict, len(rows), detail or "") for (scheme, workload, verdict, detail), rows in sorted(
        groups.items(), key=lambda item: tuple(map(str, item[0])))]


def _wrong(results, safe):
    return [(row.cell["name"], row.wrong) for row in results.with_verdict(WRONG) if row.safe is safe]


def _summary_tables(rows):
    tables = {}
    for row in rows:
        shown = {
            **row, "params": params_text(row["params"]), "median": number(row["median_ns"]),
            "interval": "-" if row["ci_low_ns"] is None else f"{number(row['ci_low_ns'])} .. {number(row['ci_high_ns'])}",
            "to_plain": ratio_text(row), "to_fetch_add": number(row["ratio_to_fetch_add"]),
        }
        tables.setdefault(row["workload"], []).append(shown)
    return tables


def render(results, figures, rows):
    """The page as text; the template escapes every value, only the drawings are markup already."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    for figure in figures:
        figure["svg"] = Markup(figure["svg"]) if figure["svg"] else None
    loader = FileSystemLoader(REPORTS / "template")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return page.get_template(TEMPLATE).render(
        facts=list(_facts(results)), wrong=_wrong(results, True), admitted=_wrong(results, False), crashes=results.manifest["crashes"], figures=figures,
        tables=_summary_tables(rows), rejections=_rejections(results), packets=list(results.packet_lines()),
        silent=_silent(results), noise=list(_noise(results)), advice=advice.table(results), contracts=tables.contracts(results),
        code=tables.code(results), footprint=tables.bytes_of(results),
        schemes=list(results.schemes.values()), environment=_environment_rows(results.env), latex=latex.table(results),
    )


def command(arguments):
    """Writes report.html, figures/, table.tex and summary.csv into the results directory.

    Exit 0 when they are written, also about a WRONG scheme: that is what a report has to show, and
    what `run` and `summary` end with 1 for.
    """
    results = Results.load(arguments.directory)
    directory = results.directory
    folder = directory.file("figures")
    with disk_errors(folder):
        folder.mkdir(exist_ok=True)
        figures = draw(results, folder)
    rows = records(results)
    directory.write_text("table.tex", latex.table(results))
    directory.write_text("summary.csv", as_csv(rows))
    directory.write_text("report.html", render(results, figures, rows))
    written = [str(directory.file(name)) for name in ("report.html", "table.tex", "summary.csv")]
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
