# SPDX-License-Identifier: MIT
"""The report of runs that are not as they should be: workloads missing, trials rejected, schemes wrong; and drawn twice."""
import hashlib
import json

from conftest import page


def test_drawing_twice_gives_the_same_bytes(driver):
    """By two processes, so that no order of a set or dictionary is shared."""
    driver.run("--scheme", "percpu_split,unload_lock,none,needs_rseq")

    def digest():
        folder = driver.folder / "out"
        files = [*(folder / "figures").iterdir(), folder / "report.html", folder / "table.tex"]
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    driver("report", "out")
    before = digest()
    driver("report", "out")
    assert digest() == before


def test_missing_workloads_are_said_not_drawn(driver):
    driver.run("--workload", "pairs", "--threads", "1", "--scheme", "plain,brlock")
    out, err = driver("report", "out", "--json")
    assert json.loads(out)["not_drawn"] == [
        "netpath_ranking", "netpath_slope", "netpath_levels", "pair_threads", "lineage", "removal"]
    text = page(driver)
    for words in ("no pairs with more than one number of threads", "netpath was not measured", "has no removals"):
        assert words in text


def test_a_run_without_any_kept_trial_still_has_a_report(driver):
    driver.behave(reject=1.0)
    driver.run("--scheme", "brlock", "--trials", "1", "--workload", "pairs", code=3)
    driver("report", "out")
    assert "NO VALID TRIALS" in page(driver) and "involuntary_switch" in page(driver)


def test_wrong_is_shown_first_and_not_drawn(driver):
    driver.behave(wrong=["percpu_split"])
    driver.run("--workload", "pairs", "--scheme", "percpu_split,plain", "--threads", "1", code=1)
    assert "WRONG: percpu_split" in driver("report", "out")[1]
    text = page(driver)
    assert 0 < text.index('id="wrong"') < text.index("data-figure") and "references do not balance" in text
    assert r"\textbf{wrong}" in (driver.folder / "out" / "table.tex").read_text()


def test_wrong_on_purpose_is_no_alarm(driver):
    driver.behave(wrong=["percpu_split"], contract={"percpu_split": {"safe": False}})
    driver.run("--workload", "pairs", "--scheme", "percpu_split,plain", "--threads", "1")
    driver("report", "out")
    text = page(driver)
    assert 'id="wrong"' not in text and "break what they promise" not in text
    assert text.count('id="unsafe"') == 1 and "references do not balance" in text
    assert "<!-- percpu_split -->" not in text and "<!-- plain -->" in text, "an unsafe scheme is drawn"


def test_text_from_outside_is_escaped(driver):
    driver.run("--workload", "pairs", "--scheme", "plain", "--threads", "1")
    path = driver.folder / "out" / "env.json"
    env = json.loads(path.read_text())
    env["machine"]["cpu"]["model"] = "<script>alert(1)</script>"
    path.write_text(json.dumps(env))
    driver("report", "out")
    assert "<script" not in page(driver)
