# SPDX-License-Identifier: MIT
"""The answer to the question of 2003: what one get/put for each sk_buff, and for each use and each sk_buff, adds to a packet.

One table a level; a row a scheme, a column an era and number of workers. The report, README.md,
`summary` and table.tex show these tables; their rows as data are records().
"""
import csv
import io
import json

from . import headline, headline_text, setting, style
from .contract import release_key
from .figures.charge import answer_paths
from .words import aligned, counted, number

SCHEMA = "getput.answer/1"
KEYS = ("scheme", "level", "level_name", "era", "shape", "workers", "place")


class Answer:
    """The paths of a run that answer, and the tables of what they measured."""

    def __init__(self, results):
        self.results, self.paths = results, answer_paths(results)

    @property
    def main(self):
        """The path that figures show, whose budgets and prices of a pair stand in the tables."""
        return self.paths[-1]

    @property
    def levels(self):
        """The levels of the answer, the lower first; empty without a charged packet."""
        return self.main.answers

    def columns(self, level):
        """[(Path, workers)] of the numbers of a table, for the fewest and the most workers of each era."""
        return [(path, threads) for path in self.paths for threads in path.extremes if path.at(level, threads)]

    def remark(self):
        """What of the question this run does not answer; None where it answers all."""
        eras = {setting.path_of(path.group[1]) for path in self.paths}
        missing = [setting.path_words(path) for path in setting.ANSWER if path not in eras]
        if eras == {(None, None)}:
            return "This run is from before the eras of the packet path: it has one path, which is neither that of Linux 2.6 nor that of Linux 6."
        held = " and ".join(path.words for path in self.paths)
        return f"This run holds {held} only; not measured: {', '.join(missing)}." if missing else None

    def entry(self, level, name, path, threads):
        return next((entry for entry in path.at(level, threads) if entry.scheme == name), None)

    def order(self, level):
        """Names of safe schemes, the most expensive first: by the era of the figures and the most workers."""
        names = [entry.scheme for path, threads in reversed(self.columns(level)) for entry in reversed(path.at(level, threads)) if entry.safe]
        return list(dict.fromkeys(names))

    def rows(self, level):
        """(main rows, further rows): kernel generations and the schemes of the style sheet come first."""
        def generation(name):
            return release_key(self.results.schemes[name].get("generation") or "")[0] == 0

        order = self.order(level)
        main = [name for name in order if style.listed(name) or generation(name)]
        return [self.row(level, name) for name in main], [self.row(level, name) for name in order if name not in main]

    def row(self, level, name):
        """One row as text; shares and the price of a pair are those of the main path and the most workers."""
        entries = {column: self.entry(level, name, *column) for column in self.columns(level)}
        path, first = next(((path, entry) for (path, _), entry in reversed(entries.items()) if entry), (None, None))
        shown = not path.within(first)
        shares = [f"{100.0 * first.budget[speed]:.0f} %" if speed in first.budget and shown else "-" for speed in headline.SPEEDS_GBE]
        return {"scheme": style.scheme(name).label, "source": source_of(self.results.schemes[name]),
                "values": [value_text(path, entry) for (path, _), entry in entries.items()], "slope": number(first.slope_ns) if shown else "-",
                "isolated": number(first.isolated_ns), "shares": shares}

    def headings(self, level):
        return ["scheme", "kernel or source", *self.value_headings(level), "ns per pair in the path", "ns per pair alone",
                *(f"{speed} GbE" for speed in headline.SPEEDS_GBE)]

    def value_headings(self, level):
        """`Linux 6, staged, 2 workers, ns (1.00 pairs)`: what is measured, and how many pairs a packet takes."""
        return [", ".join(filter(None, (path.words, counted(threads, "worker"), f"ns ({number(self.pairs(level, path, threads))} pairs)")))
                for path, threads in self.columns(level)]

    @staticmethod
    def pairs(level, path, threads):
        """Pairs a packet takes at a level; they are the packets', so every scheme has the same."""
        return next((entry.pairs_per_packet for entry in path.at(level, threads) if entry.pairs_per_packet is not None), None)

    def records(self):
        """A dictionary a scheme, era and number of workers: interval, n, pairs per packet, budget; every scheme, the most expensive first."""
        for level in self.levels:
            for name in self.order(level):
                for path, threads in self.columns(level):
                    if entry := self.entry(level, name, path, threads):
                        yield {**dict(zip(KEYS, (name, level, self.results.levels.word(level) or None, *setting.path_of(entry.setting),
                                                 threads, entry.place))),
                               **headline_text.fields(entry), "cell": entry.cell}


def source_of(scheme):
    """The kernel generation of a scheme, or where it comes from."""
    return scheme.get("generation") or scheme.get("origin") or "-"


def value_text(path, entry):
    """The interval of an entry for a table; a value within the resolution is printed as such."""
    if entry is None:
        return "-"
    return f"0 within resolution, {entry.net.text()}" if path.within(entry) else entry.net.text()


def title(answer, level):
    return f"What {answer.main.name(level)} adds to a packet"


def lines(results):
    """The answer as text, every scheme; nothing where no packet was charged."""
    answer = Answer(results)
    for level in answer.levels:
        yield f"{title(answer, level)}: ns {answer.main.beyond}, median [95 % interval]"
        header = ("scheme", *answer.value_headings(level))
        table = [(row["scheme"], *row["values"]) for part in answer.rows(level) for row in part]
        yield from aligned([header, *table], right=range(1, len(header)))
        yield ""
    if answer.levels and (remark := answer.remark()):
        yield remark
        yield ""


def as_csv(results):
    """The answer as CSV: a row a scheme, level, era and number of workers."""
    out = io.StringIO()
    writer = csv.DictWriter(out, (*KEYS, *headline_text.FIELDS, "cell"), lineterminator="\n")
    writer.writeheader()
    writer.writerows(Answer(results).records())
    return out.getvalue()


def as_json(results):
    answer = Answer(results)
    return json.dumps({"schema": SCHEMA, "beyond": answer.main.beyond, "remark": answer.remark(), "rows": list(answer.records())},
                      indent=1, allow_nan=False)
