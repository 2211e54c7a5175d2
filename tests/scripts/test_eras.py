# SPDX-License-Identifier: MIT
"""Eras, shapes and levels of the packet path: never mixed in one number, and named wherever a number stands."""
import csv
import io
import json

import made_up_path
import pytest
from getputlib import answer, compare, first_screen, headline, quick_cover, reference, setting, validate
from getputlib.figures import base, charge, netpath, netpath_ranking, slope
from getputlib.results import Results

BOTH = (("linux_2_6", "scalar"), ("linux_6", "staged"))
ALL = (*BOTH, ("linux_6", "scalar"))
CHOSEN = ("none", "atomic_base", "percpu_ref", "thread_split", "unload_lock")


@pytest.fixture(name="results")
def fixture_results(tmp_path):
    def make(paths=ALL, name="run", **options):
        return Results.load(made_up_path.write(tmp_path / name, paths=paths, **{"chosen": CHOSEN, **options}))

    yield make
    base.plt.close("all")


def test_every_number_is_of_one_era_and_shape(results):
    run = results(spread=0.01)
    entries = headline.table(run)
    assert {setting.path_of(one.setting) for one in entries} == set(ALL)
    for one in entries:
        expected = {"linux_2_6": 2.0, "linux_6": 1.0}[one.fixed["era"]] * made_up_path.ADDED["percpu_ref"]
        if (one.scheme, one.level) == ("percpu_ref", "L7"):
            assert one.added.n == 8 and one.added.point == pytest.approx(expected, abs=0.1)


def test_figures_show_linux_6_staged_and_the_answer_both_eras(results):
    run = results()
    assert charge.Path(run).words == "Linux 6, staged"
    assert [path.words for path in charge.answer_paths(run)] == ["Linux 2.6, scalar", "Linux 6, staged"]
    only = results(paths=(("linux_2_6", "scalar"), ("linux_6", "scalar")), name="other")
    assert charge.Path(only).words == "Linux 2.6, scalar" and "not measured: Linux 6, staged" in answer.Answer(only).remark()


def test_the_answer_has_a_column_an_era_and_number_of_workers(results):
    run = results(spread=0.01)
    screen = first_screen.screen(run)
    assert [table["title"] for table in screen["tables"]] == [
        "What L6 per sk_buff adds to a packet", "What L7 per use and sk_buff adds to a packet"]
    for table, pairs, factor in zip(screen["tables"], ("1.00", "5.00"), (0.2, 1.0)):
        assert table["columns"][2:6] == [f"{era}, {workers}, ns ({pairs} pairs)" for era in ("Linux 2.6, scalar", "Linux 6, staged")
                                         for workers in ("1 worker", "2 workers")]
        row = next(row for row in table["main"] if row["scheme"] == "percpu_ref")
        points = [float(value.split()[0]) for value in row["values"]]
        beyond = factor * (made_up_path.ADDED["percpu_ref"] - made_up_path.ADDED["none"])
        assert points == pytest.approx([2.0 * beyond, 2.0 * beyond, beyond, beyond], abs=0.05) and all("n=8" in text for text in row["values"])
    assert screen["remark"] is None and screen["where"] == "Linux 6, staged, 2 workers"


def test_a_run_of_one_era_has_one_era_and_says_so(driver, results):
    made_up_path.write(driver.folder / "out", chosen=CHOSEN, paths=BOTH[1:])
    out = driver("summary", "out", "--answer")[0]
    assert "This run holds Linux 6, staged only; not measured: Linux 2.6, scalar." in out and "Linux 2.6, scalar, 1 worker" not in out


def test_a_level_of_none_alone_is_no_table(results):
    """A run that was cut may have the floor of a level before it has any scheme there."""
    run = results()
    for row in run.of("netpath", level="L6"):
        row.kept = row.kept if row.scheme == "none" else []
    assert [table["level"] for table in first_screen.screen(run)["tables"]] == ["L7"]


def test_the_answer_is_text_csv_json_and_latex(driver):
    made_up_path.write(driver.folder / "out", chosen=CHOSEN, paths=BOTH)
    records = json.loads(driver("summary", "out", "--answer", "--json")[0])["rows"]
    rows = list(csv.DictReader(io.StringIO(driver("summary", "out", "--answer", "--format", "csv")[0])))
    text, latex = driver("summary", "out", "--answer")[0], driver("summary", "out", "--answer", "--format", "latex")[0]
    assert len(rows) == len(records) == 2 * 2 * 2 * 4, "levels, eras, workers, safe schemes"
    one = next(row for row in records if (row["scheme"], row["level"], row["era"], row["workers"]) == ("percpu_ref", "L6", "linux_2_6", 2))
    assert (one["level_name"], one["shape"], one["minus_none_n"], one["pairs_per_packet"]) == ("per sk_buff", "scalar", 8, 1.0)
    assert one["minus_none_low_ns"] <= one["minus_none_ns"] <= one["minus_none_high_ns"]
    shown = f"{one['minus_none_ns']:.2f} ["
    assert shown in text and shown in latex and "L6 per sk_buff" in latex


def test_levels_are_named_by_the_binary(results, driver):
    run = results()
    assert run.levels.name("L6") == "L6 per sk_buff" and run.levels.name("L8") == "L8"
    assert "L6 per sk_buff: a reference per sk_buff" in driver("list")[0]
    figures = [make(run) for make in (netpath_ranking.ranking, netpath.levels, slope.slope)]
    assert all("L7 per use and sk_buff" in figure.shows for figure in figures)
    titles = [axes.get_title() for figure in figures for axes in figure.drawing.axes]
    assert titles and all("Linux" in title for title in titles)


def test_a_run_from_before_the_eras_is_read_and_says_what_it_is(results):
    run = results(paths=(None,))
    path = charge.Path(run)
    assert path.words == "" and path.name("L7") == "L7" and path.top == "L7"
    assert "from before the eras" in answer.Answer(run).remark()
    assert answer.Answer(run).value_headings("L7") == ["1 worker, ns (5.00 pairs)", "2 workers, ns (5.00 pairs)"]


def test_the_reference_run_is_read_whatever_its_age():
    run = Results.load(reference.only())
    found = answer.Answer(run)
    schemes = {row.scheme for row in run.of("netpath") if row.shown and row.safe}
    assert {record["scheme"] for record in found.records()} == schemes and len(schemes) > 30
    assert list(validate.netpath_problem(row.kept[0]) for row in run.of("netpath") if row.kept) == [None] * sum(
        bool(row.kept) for row in run.of("netpath"))


def test_settings_that_differ_in_anything_are_groups_of_their_own():
    one = (("era", "linux_6"), ("shape", "staged"), ("free", "local"), ("work", "bare"))
    remote = (*one[:2], ("free", "remote"), ("work", "bare"))
    assert setting.words(one) == "Linux 6, staged" and setting.words(remote) == "Linux 6, staged, free:remote"
    assert setting.rank(one) < setting.rank(remote) and setting.ordinary(one) and not setting.ordinary(remote)
    assert headline.bound_of({(1, "compact", one): 0.3}, (1, "compact", remote)) == 0.3, "one control of level 0 a path"
    assert headline.bound_of({(1, "compact", one): 0.3}, (2, "compact", remote)) is None
    other = (("era", "linux_2_6"), *one[1:])
    assert headline.bound_of({(1, "compact", one): 0.3}, (1, "compact", other)) is None


def test_compare_has_a_line_for_each_setting_of_a_scheme(results):
    first, second = results(), results(name="slower", added={"percpu_ref": 30.0})
    schemes, cells = compare.compare(first, second, None, compare.Limits())
    packets = [entry for entry in schemes if entry.workload == "netpath" and entry.scheme == "percpu_ref"]
    assert {setting.path_of(entry.setting) for entry in packets} == set(ALL) and all(entry.verdict == compare.REGRESSED for entry in packets)
    assert all(f"era:{era}/shape:{shape}" in entry.name for entry in packets for era, shape in [setting.path_of(entry.setting)])
    shifts = {setting.path_of(entry.setting): entry.shift.point for entry in packets}
    assert shifts[BOTH[0]] == pytest.approx(2.0 * shifts[BOTH[1]], rel=0.05)
    assert all(entry.entry["cells"] == 6 for entry in packets), "three levels, one and two workers"


@pytest.mark.parametrize("change, words", [
    (lambda line: line["params"].pop("shape"), "without shape"),
    (lambda line: line["difference"].update(baseline="L5"), "one to L5, not to L0"),
])
def test_a_cell_with_half_a_setting_or_another_baseline_is_no_result(results, change, words):
    line = next(row.kept[0] for row in results().of("netpath"))
    assert validate.netpath_problem(line) is None
    change(line)
    assert words in validate.netpath_problem(line)


def listed(tier_of):
    """A list of made-up cells whose tier a test chooses."""
    names = [f"s{n:02}" for n in range(12)]
    cells = [{"workload": "netpath", "scheme": name, "possible": True, "tier": tier_of(name, path, level, threads),
              "params": made_up_path.packet_params(path, level, threads)}
             for path in ALL for level in ("L0", "L5", "L6", "L7") for threads in (1, 2) for name in (names if level != "L0" else ["none"])]
    return {"cells": cells, "workloads": [{"name": "netpath", "levels": made_up_path.LEVELS}]}


@pytest.mark.parametrize("left_out, words", [
    (lambda *_: False, None),
    (lambda name, path, level, threads: path == ALL[0] and level == "L6" and name > "s05", "Linux 2.6, scalar, L6: 6 schemes, at least 10"),
    (lambda name, path, level, threads: path == ALL[1] and threads == 2 and name == "s03", "Linux 6, staged, L6, 2 workers: without s03"),
    (lambda name, path, level, threads: level == "L5", "no scheme at L5 per use of an object"),
    (lambda name, path, level, threads: level == "L0" and path == ALL[2], "Linux 6, scalar: L0 against L0 with 1 worker is missing"),
    (lambda name, path, level, threads: path == ALL[2] and threads == 2, None),
    (lambda name, path, level, threads: path == ALL[0] and threads == 2, "Linux 2.6, scalar, L7: no scheme with 2 workers"),
    (lambda name, path, level, threads: path == ALL[0] and level == "L0" and threads == 2,
     "Linux 2.6, scalar: L0 against L0 with 2 workers is missing"),
], ids=["all there", "too few schemes", "one scheme missing", "a level missing", "no control", "scalar has one worker", "an era with one worker", "no control of two workers"])
def test_what_quick_lacks_is_found(left_out, words):
    gaps = list(quick_cover.gaps(listed(lambda *cell: 2 if left_out(*cell) else 1)))
    assert (gaps == []) if words is None else words in gaps


def test_list_checks_the_tiers_of_the_binary(driver):
    assert "quick lacks: no scheme at L5 per use of an object" in driver("list", "--check-quick", code=1)[0]


def test_an_input_of_which_all_was_dropped_is_said(driver):
    driver.behave(all_dropped=True)
    driver.run("--workload", "netpath", "--scheme", "none,plain")
    assert "every packet of made-up was dropped" in driver("summary", "out")[0]
    run = Results.load(driver.folder / "out")
    assert any("every packet of made-up" in text for good, text in first_screen.screen(run)["trust"] if not good) or first_screen.screen(run)["missing"]
    assert any("every packet" in line for line in run.closing_lines())
