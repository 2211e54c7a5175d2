# SPDX-License-Identifier: MIT
"""`getput readme`: the numbers and figures of README.md, from a committed reference run.

What stands between the markers in README.md, and the figures in docs/figures that it shows, are
computed; `--check` compares them with the run, `--write` replaces them.
"""
import json
import tempfile
from pathlib import Path

from . import answer, contract, first_screen, fresh, headline, pair_cells, pair_prices, reference, report
from .errors import EXIT_BAD_RESULT, EXIT_OK, REPOSITORY, GetputError, note
from .figures import lineage, netpath_ranking, pairs
from .results import Results
from .words import counted, number

BEGIN, END = "<!-- getput readme: begin -->", "<!-- getput readme: end -->"
FIGURES = {"netpath_ranking": netpath_ranking.ranking, "lineage": lineage.lineage, "pair_cost": pairs.cost}
SHOWN_SPEEDS = (10, 100)


def _table(found, level, rows):
    """Rows of the answer at a level as Markdown."""
    headings = ["scheme", "from", *found.value_headings(level), *(f"of {speed} GbE" for speed in SHOWN_SPEEDS)]
    yield "| " + " | ".join(headings) + " |"
    yield "| --- | --- |" + " ---: |" * (len(headings) - 2)
    columns = [headline.SPEEDS_GBE.index(speed) for speed in SHOWN_SPEEDS]
    for row in rows:
        yield f"| `{row['scheme']}` | {row['source']} | " + " | ".join([*row["values"], *(row["shares"][at] for at in columns)]) + " |"


def _tables(found, level):
    """The schemes that a reader looks for, and the others folded away."""
    main, more = found.rows(level)
    yield from (f"**{answer.title(found, level)}**", "", *_table(found, level, main), "")
    if more:
        yield from (f"<details><summary>{counted(len(more), 'more scheme')}</summary>", "", *_table(found, level, more), "", "</details>", "")


def _pair_table(results):
    """What a pair costs back to back and inside other work, folded away; nothing for a run that has only the former."""
    inside = pair_cells.inside(results)
    if not inside:
        return
    rows = pairs.cheapest_first(results)
    headings, lines = pair_prices.table(results, rows, inside)
    session = f" {contract.SESSION}." if any(row.in_session for row in rows) else ""
    yield from ("<details><summary>What a pair costs one thread, back to back and inside other work</summary>", "",
                pair_cells.inside_words(inside) + session, "", "| " + " | ".join(headings) + " |",
                "| --- | --- |" + " ---: |" * (len(headings) - 2), *(f"| {' | '.join(line)} |" for line in lines), "", "</details>", "")


def _lead(found):
    path = found.main
    entry = path.first(path.top)
    frames = f" of {number(entry.frame_bytes)} bytes on average" if entry.frame_bytes else ""
    of = ", ".join(filter(None, (path.words, counted(path.extremes[-1], "worker"))))
    remark = f" {found.remark()}" if found.remark() else ""
    return (f"Nanoseconds that references add to one packet, {path.beyond}, median and 95 % interval over n processes; pairs are get/put pairs "
            f"a packet takes; frames{frames}; shares are of the time per frame at line rate ({of}).{remark}")


def block(results):
    """The text between the markers."""
    found, screen = answer.Answer(results), first_screen.screen(results)
    if screen["missing"]:
        raise GetputError(f"{results.directory.path}: {screen['missing']}", EXIT_BAD_RESULT)
    trust = "; ".join(text for _, text in screen["trust"])
    return "\n".join((
        _lead(found), "", *(line for level in found.levels for line in _tables(found, level)),
        *_pair_table(results),
        f"![What references add to a packet, scheme by scheme](docs/figures/{report.HEADLINE_FIGURE}.svg)", "",
        f"Measured on {screen['context']}, built from `{screen['commit']}`: [{reference.named(results.directory.path)}]"
        f"({reference.named(results.directory.path)}).",
        f"Trust: {trust}.", ""))


def wanted(results):
    """{path below the repository: content} of everything that follows from the run."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise GetputError(f"README.md lacks the line {END if begin else BEGIN}: restore both markers", EXIT_BAD_RESULT)
    found = {"README.md": f"{before}{BEGIN}\n{block(results)}{END}{after}".encode()}
    with tempfile.TemporaryDirectory() as folder:
        drawn = {figure["key"]: figure for figure in report.draw(results, Path(folder), FIGURES.values(), ("svg",))}
        for key in FIGURES:
            if drawn[key]["svg"] is None:
                raise GetputError(f"{results.directory.path} has no figure {key}: {drawn[key]['shows']}", EXIT_BAD_RESULT)
            found[f"docs/figures/{key}.svg"] = Path(folder, f"{key}.svg").read_bytes()
    return found


def stale(files):
    """The files whose content in the repository is not what the run gives."""
    return [name for name, content in files.items()
            if not (REPOSITORY / name).exists() or (REPOSITORY / name).read_bytes() != content]


def command(arguments):
    """Exit 1 when --check finds a file that does not follow from the run."""
    directory = arguments.directory or reference.only()
    if arguments.pack:
        directory = reference.pack(directory, arguments.pack)
    files = wanted(Results.load(directory))
    changed = stale(files)
    if arguments.write:
        for name in changed:
            fresh.write(REPOSITORY / name, files[name])
    if arguments.json:
        print(json.dumps({"directory": str(directory), "files": list(files), "changed": changed}, indent=1))
    elif changed:
        print("\n".join(changed))
    if changed and not arguments.write:
        note(f"{counted(len(changed), 'file')} not as {directory} gives: run `getput readme --write`, and commit the result")
        return EXIT_BAD_RESULT
    return EXIT_OK
