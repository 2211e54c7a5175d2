# SPDX-License-Identifier: MIT
"""Which scheme should I use: filters, ranking, "cannot tell", and nothing that names a scheme."""
import json
import re
from types import SimpleNamespace

import pytest
from getputlib import advice, contract, footprint, style, summary
from getputlib.figures import lineage
from getputlib.results import Results


def measured_by(**values):
    """A stand-in for advice.Measured: {scheme: Value} of one measure."""
    by = {"alone": values}
    return SimpleNamespace(by=by, ranked=lambda measure, names: advice.Measured.ranked(SimpleNamespace(by=by), measure, names))


def around(middle, spread, n=8):
    """Process values that scatter evenly around a middle."""
    return advice.Value.measured([middle * (1.0 + spread * (2.0 * k / (n - 1) - 1.0)) for k in range(n)])


@pytest.mark.parametrize("values, word, names", [
    ({"a": around(1.0, 0.1), "b": around(2.0, 0.1)}, "use", ["a"]),
    ({"a": around(1.0, 0.3), "b": around(1.1, 0.3), "c": around(3.0, 0.1)}, "cannot tell", ["a", "b"]),
    ({"a": around(1.0, 0.1), "b": around(2.0, 0.1, n=5)}, "cannot tell", ["a", "b"]),
    ({"a": around(1.0, 0.1, n=5), "b": around(9.0, 0.1)}, "cannot tell", ["a", "b"]),
    ({"a": around(1.0, 0.1, n=3)}, "use", ["a"]),
    ({"a": advice.Value.exact(8.0), "b": advice.Value.exact(8.0), "c": advice.Value.exact(9.0)}, "equal", ["a", "b"]),
    ({}, "not measured", []),
])
def test_verdicts(values, word, names):
    assert advice.verdict(measured_by(**values), "alone", ["a", "b", "c"]) == (word, names)


def test_the_more_schemes_the_more_a_winner_has_to_show():
    """What separates two schemes does not separate the best of thirty from the other twenty-nine."""
    near = {f"s{k:02}": around(1.0 + 0.06 * bool(k), 0.07) for k in range(30)}
    assert advice.verdict(measured_by(**dict(list(near.items())[:2])), "alone", list(near))[0] == "use"
    assert advice.verdict(measured_by(**near), "alone", list(near)) == ("cannot tell", sorted(near))


def test_what_is_not_told_is_not_promised():
    assert advice.keeps({"a": True, "b": "x"}, {"a": True, "b": ("x", "y")})
    assert not advice.keeps({}, {"a": True}) and not advice.keeps({}, {"a": False}) and not advice.keeps({}, {"b": ("x",)})


def test_questions_ask_for_promises_that_exist():
    for question in advice.QUESTIONS:
        assert set(question.require) <= set(contract.BY_KEY), question.asked
        for key, wanted in question.require.items():
            words = contract.BY_KEY[key].words
            assert set(wanted) <= set(words) if words else isinstance(wanted, bool), question.asked
        assert question.rank and advice.filter_text(question.require)


@pytest.fixture(scope="module")
def results(measured):
    return Results.load(measured.folder / "out")


def rows_by_filter(results):
    return {row["asked"].split(":")[0]: row for row in advice.table(results)["rows"]}


def test_the_table_is_made_of_contracts_and_measurements(results):
    rows = rows_by_filter(results)
    assert rows["Calls are short"]["left"] == 7  # without controls, and without what is not available here
    alone, crowd = rows["Calls are short"]["answers"]
    assert alone["word"] == "use" and alone["names"] == ["thread_split"] and crowd["names"] == ["thread_split"]
    at_once = rows["Removal is decided at once, and an attempt that fails refuses nobody"]
    names = [line[0] for line in at_once["ranking"]]
    assert not {"thread_split", "rcu_memb"} & set(names) and at_once["answers"][0]["names"] == names[:1] == ["percpu_ref"]
    neither = rows["There is neither rseq nor membarrier"]
    assert [line[0] for line in neither["ranking"]] == ["atomic_base", "brlock", "unload_lock"]
    assert neither["answers"][1]["names"] == ["brlock"]  # the only one of them that two threads do not slow down
    assert rows["The module has to be gone soon"]["answers"][0]["by"] == "stop to drained"


def test_who_is_never_advised(results):
    found = dict(advice.table(results)["left_out"])
    assert found["not available here"] == "needs_rseq" and "none, plain" in found[
        "controls, and what protects nothing or cannot be removed"]


def test_wrong_schemes_are_not_advised(driver):
    driver.behave(wrong=["thread_split"])
    driver.run("--workload", "pairs", "--scheme", "thread_split,percpu_split,plain", "--threads", "1", code=1)
    table = advice.table(Results.load(driver.folder / "out"))
    assert ("found WRONG in this run", "thread_split") in table["left_out"]
    assert table["rows"][0]["answers"][0]["names"] == ["percpu_split"]
    assert [answer["by"] for answer in table["rows"][0]["answers"]] == ["a pair, 1 thread, / plain"]


@pytest.fixture(name="in_session")
def fixture_in_session(driver):
    """A run in which the cheapest scheme was timed inside a session."""
    driver.behave(contract={"thread_split": {"session": True}})
    driver.run("--workload", "pairs", "--scheme", "thread_split,percpu_split,unload_lock,plain", "--threads", "1")
    return driver


def test_a_session_is_told_and_who_is_best_without_one(in_session):
    table = advice.table(Results.load(in_session.folder / "out"))
    first, second = table["rows"][0]["answers"]
    assert first["names"] == ["thread_split"] and first["text"].startswith("thread_split † 2.")
    assert second["names"] == ["percpu_split"] and second["by"].endswith("without a session")
    assert table["session"] == contract.SESSION
    when = {name: alone for name, alone, _ in table["when"]}
    assert 1 in when["thread_split"] and 1 in when["percpu_split"] and table["never"] == []
    assert "pairs are timed in a session" in in_session("list", "--schemes", "--scheme", "thread_split")[0]


def test_figures_mark_sessions(in_session):
    in_session("report", "out")
    page = (in_session.folder / "out" / "report.html").read_text()
    assert r"thread\_split$^\dagger$ &" in (in_session.folder / "out" / "table.tex").read_text()
    assert "percpu_split is the cheapest scheme that protects a module" in page
    table = in_session("summary", "out")[0]
    assert "\nthread_split* " in table and f"\n* {contract.IN_SESSION}\n" in table and "\npercpu_split " in table
    assert table.isascii()
    rows = {row["scheme"]: row["in_session"] for row in in_session.summary()}
    assert rows["thread_split"] is True and rows["percpu_split"] is False
    assert "inside a session thread_split costs 1." in page
    assert page.count("† timed inside a session, that is") == 2  # with the figure, and with the advice


def test_without_sessions_nobody_speaks_of_them(results):
    assert advice.table(results)["session"] is None
    assert not any("session" in answer["by"] for row in advice.table(results)["rows"] for answer in row["answers"])


def test_equal_bytes_are_ranked_by_a_pair(results):
    million = rows_by_filter(results)["There are a million objects"]["answers"]
    assert million[0]["word"] == "equal" and million[0]["text"] == "7.6 MiB each with atomic_base, rcu_memb, unload_lock"
    assert million[1]["by"] == "a pair, 1 thread, / plain" and million[1]["names"] == ["rcu_memb"]


def test_a_question_that_changes_nothing_refers_back(results):
    rows = advice.table(results)["rows"]
    certain = next(row for row in rows if row["asked"] == "Nobody may come in after stop")
    assert certain["same"] == 1 and rows[0]["same"] is None
    at_once = next(row for row in rows if row["asked"].startswith("Removal is decided"))
    assert at_once["same"] is None


def test_a_handed_over_reference_is_ranked_by_pairs_that_were(results):
    answers = rows_by_filter(results)["Another thread may put"]["answers"]
    assert answers[0]["by"] == "a pair handed over, 2 threads, / plain" and answers[0]["names"]
    assert [answer["by"] for answer in rows_by_filter(results)["The holder may sleep"]["answers"]] == [
        "a pair, 1 thread, / plain", "a pair, 2 threads on one object, / plain"]


def test_times_have_the_unit_that_people_read():
    assert [summary.short_time(value) for value in (0.5, 112.0, 12400.0, 5597e3, 2e9)] == [
        "0.500 ns", "112 ns", "12.4 µs", "5.60 ms", "2.00 s"]


def test_too_few_trials_cannot_tell(driver):
    driver.run("--workload", "pairs", "--scheme", "thread_split,unload_lock", "--threads", "1", "--trials", "4")
    answer = advice.table(Results.load(driver.folder / "out"))["rows"][0]["answers"][0]
    assert (answer["word"], answer["names"]) == ("cannot tell", ["thread_split", "unload_lock"])


def test_questions_that_no_scheme_meets_say_so(driver):
    driver.behave(contract={"brlock": {"put_on_other_thread": False}})
    driver.run("--workload", "pairs", "--scheme", "brlock,plain", "--threads", "1")
    rows = rows_by_filter(Results.load(driver.folder / "out"))
    assert rows["Another thread may put"]["left"] == 0 and rows["Another thread may put"]["answers"] == []
    driver("report", "out")
    assert "no scheme of this run promises this" in (driver.folder / "out" / "report.html").read_text()


def test_totals_are_arithmetic():
    scheme = {"bytes_per_object": 8, "bytes_allocated": 5, "bytes_per_cpu": 16, "bytes_per_thread": 32, "shared_bytes": 100,
              "shared_bytes_per_cpu": 64}
    assert footprint.total(scheme, footprint.Place("", 10, 2, 3)) == 10 * (8 + 5 + 2 * 16 + 3 * 32) + 100 + 2 * 64
    assert footprint.total({"bytes_per_object": 8}, footprint.Place("", 1, 1, 1)) is None
    assert [footprint.size(value) for value in (None, 8, 1536, 33554432)] == ["-", "8 B", "1.5 KiB", "32.0 MiB"]


def test_generations_are_in_the_order_of_releases():
    names = ["proposed 2025", "3.19 to today", "no unload", "2.4", "2.6.34 to 3.18", "2.5.48", "2.2"]
    assert sorted(names, key=lineage.release_key) == [
        "2.2", "2.4", "2.5.48", "2.6.34 to 3.18", "3.19 to today", "no unload", "proposed 2025"]


def test_the_lineage_has_a_bar_a_generation(results):
    figure = lineage.lineage(results)
    assert [row[:3] for row in figure.table[1]][:2] == [["2.4", "unload_lock", 1], ["2.4", "unload_lock", 2]]
    assert [row[0] for row in figure.table[1][::2]] == ["2.4", "2.6.34 to 3.18", "3.19 to today", "no unload", "proposed 2025"]
    assert figure.table[1][-1][-1] == "NOT AVAILABLE"
    assert "Linux 2.4 is the slowest kernel generation" in figure.shows and "2.6.34 to 3.18 is the fastest" in figure.shows


def test_no_rule_or_template_names_a_scheme(measured):
    names = [scheme["name"] for scheme in measured.document("plan.json")["run"]["schemes"]]
    names = [name for name in names if "_" in name]
    for path in [style.REPORTS.parent / "scripts/getputlib" / name for name in ("advice.py", "contract.py", "tables.py",
                 "footprint.py", "figures/lineage.py", "straight_line.py", "instructions.py")] + list(
                     (style.REPORTS / "template").glob("*.j2")):
        text = re.sub(r'""".*?"""', "", path.read_text(), flags=re.S).replace("needs_rseq", "")
        assert not [name for name in names if re.search(rf"\b{name}\b", text)], path


def test_schemes_of_one_report_never_look_alike():
    names = [f"scheme_{number}" for number in range(40)] + ["plain", "percpu_ref"]
    style.tell_apart(names)
    looks = [(style.scheme(name).color, style.scheme(name).marker) for name in names]
    assert len(set(looks)) == len(names) and style.scheme("percpu_ref").color == "#56B4E9"
    ten = names[:10]
    style.tell_apart(ten)
    assert len({style.scheme(name).color for name in ten}) == 10
    style.tell_apart([])


def test_list_schemes_tells_contract_and_availability(driver):
    out, _ = driver("list", "--schemes")
    assert "needs rseq; kernel or libc without rseq" in out and "[2.6.34 to 3.18]" in out
    assert "zero found by: remover's sum" in out and out.index("counter:") < out.index("control:")
    line = next(line for line in out.splitlines() if line.startswith("      yes:"))
    promises = [column for column in contract.COLUMNS if column.words is None and column not in contract.NEEDS and column.key != "session"]
    assert all(re.search(rf"[:,] {column.heading}\b", line) for column in promises), line  # each is a yes or a no
    for words in ("count: exact", "locked instructions: get 1, put 1", "bytes: 8 an object, 64 shared, a CPU", "needs nothing"):
        assert words in out
    listed = json.loads(driver("list", "--schemes", "--json", "--scheme", "brlock")[0])
    assert [scheme["name"] for scheme in listed["schemes"]] == ["brlock"]
    assert "not allowed with" in driver("list", "--schemes", "--tree", code=2)[1]
