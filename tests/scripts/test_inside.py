# SPDX-License-Identifier: MIT
"""The column "inside other work": what it holds, who lacks it, and runs without such cells."""
import made_up_path
import numpy
import pytest
from conftest import page
from getputlib import headline, latex, pair_cells, pair_prices, readme, reference, stats, validate
from getputlib.figures import pairs
from getputlib.results import Results
from made_runs import cell, load, pairs as pair_lines, trial

BASIC = {"object": "shared", "objects": 1, "hold_ns": 0, "put": "same", "state": "live"}
CHAIN_NS = 9.0
CHOSEN = ("none", "plain", "atomic_base", "unload_lock", "thread_split")


def inside_lines(chance, scheme, added, **params):
    """Lines of a cell inside other work whose pairs add about so many ns to the chain."""
    of = cell("pairs", scheme, **{**BASIC, "inside": "chain", **params})
    values = [added + float(chance.normal(0.0, 0.05)) for _ in range(8)]
    return [trial(of, index, CHAIN_NS + value, added=value, difference={"baseline": "chain", "baseline_ns": CHAIN_NS},
                  metrics={"chain_multiplications": 12}) for index, value in enumerate(values)]


@pytest.fixture(name="results")
def fixture_results(tmp_path):
    chance = numpy.random.default_rng(1)
    lines = [line for scheme, ns in (("cheap", 1.0), ("locked", 9.2), ("later", 5.0)) for line in pair_lines(chance, scheme, ns, **BASIC)]
    lines += inside_lines(chance, "cheap", 0.0) + inside_lines(chance, "locked", 4.5)
    return load(tmp_path / "out", lines + inside_lines(chance, "locked", 30.0, threads=2))


def test_the_difference_is_told_in_ns_and_of_the_chain(results):
    found = pair_cells.inside(results)
    assert set(found) == {"cheap", "locked"}
    locked = found["locked"]
    assert locked.added.kind == stats.CONFIDENT and locked.added.n == 8 and locked.added.point == pytest.approx(4.5, abs=0.1)
    assert locked.share.point == pytest.approx(locked.added.point / CHAIN_NS) and locked.added.excludes(0.0)
    assert not found["cheap"].added.excludes(0.0)


def test_a_difference_of_nothing_has_two_decimals_and_no_sign():
    interval = stats.Interval(-0.0012, -0.021, 0.0172, 8, stats.CONFIDENT)
    assert pair_cells.Inside(None, interval, interval).texts[0] == "0.00 [-0.02, 0.02] n=8"


def test_the_table_names_what_was_not_measured(results):
    inside = pair_cells.inside(results)
    headings, lines = pair_prices.table(results, pairs.cheapest_first(results), inside)
    assert headings[-2:] == ("inside other work, ns", "inside other work, of the chain")
    assert [line[0] for line in lines] == ["cheap", "later", "locked"], "ordered by the back-to-back pair"
    assert lines[1][-2:] == (pair_prices.NOT_MEASURED,) * 2 and lines[2][-2].startswith("4.5")
    assert "chain of 12 dependent multiplications (9.0 ns here)" in pair_cells.inside_words(inside)


def test_cells_inside_other_work_are_no_back_to_back_pairs(results):
    assert headline.isolated_pair(results, "locked", 1, "compact") == pytest.approx(9.2, rel=0.1)
    assert all("inside" not in row.params for row in pairs.basic_rows(results))


def without(results):
    """The same run as of a binary that has no such cells."""
    results.rows[:] = [row for row in results.rows if "inside" not in row.params]
    return results


def test_a_run_without_such_cells_has_no_column(results):
    assert "inside other work, ns" in latex.pair_table(results)
    run = without(results)
    assert pair_cells.inside(run) == {} and pair_cells.inside_words({}) == ""
    headings, lines = pair_prices.table(run, pairs.cheapest_first(run), {})
    assert headings[-1] == "/ plain" and {len(line) for line in lines} == {len(headings)}
    assert "inside" not in latex.pair_table(run).lower()


@pytest.mark.parametrize("inside", [True, False])
def test_the_report_shows_it_where_it_was_measured(driver, inside):
    made_up_path.write(driver.folder / "out", chosen=CHOSEN, inside=inside)
    assert list(validate.directory_problems(driver.folder / "out")) == []
    driver("report", "out")
    text, table = page(driver), (driver.folder / "out" / "table.tex").read_text()
    assert ("inside other work, ns" in text) is inside and ("Inside other work is what a pair adds" in text) is inside
    assert ("inside other work, ns" in table) is inside
    assert "inside:chain place:compact" not in text, "a figure shows these cells"


@pytest.mark.parametrize("inside", [True, False])
def test_the_readme_gets_the_table_where_it_was_measured(tmp_path, monkeypatch, inside):
    monkeypatch.setattr(reference, "named", str)  # a link to a committed run
    run = Results.load(made_up_path.write(tmp_path / "run", chosen=CHOSEN, inside=inside))
    text = readme.block(run)
    assert ("back to back and inside other work</summary>" in text) is inside
    assert ("| `atomic_base`" in text or "atomic_base |" in text) or not inside
    assert pairs.cost(run).drawing is not None
