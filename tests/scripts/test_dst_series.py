# SPDX-License-Identifier: MIT
"""`getput dst-series`: the table of commits, one and all workers, and what a binary without the workload says."""
import json

from getputlib.errors import EXIT_ENVIRONMENT


def test_every_step_is_measured_with_one_and_all_workers(driver):
    driver.behave(series=True)
    out, _ = driver("dst-series", "--json", "--seed", "5")
    lines = json.loads(out)["steps"]
    assert {(line["step"], line["threads"]) for line in lines} == {(step, n) for step in ("first", "second") for n in (1, 2)}
    assert all(line["saved"]["n"] == 8 and line["after_ns"] > 0.0 for line in lines)
    assert all(line["published_saved_us"] == 1.0 for line in lines)


def test_the_table_states_what_deviates(driver):
    driver.behave(series=True)
    out, _ = driver("dst-series", "--seed", "5")
    assert "16 threads" in out and "What deviates" in out
    assert out.count("0123456789ab") == 4


def test_a_binary_without_the_workload_is_named(driver):
    driver.behave()
    _, err = driver("dst-series", code=EXIT_ENVIRONMENT)
    assert "has no workload dst_series" in err and "rebuild" in err


def test_a_step_that_is_wrong_is_not_success(driver):
    driver.behave(series=True, wrong=["none"])
    driver("dst-series", "--seed", "5", code=1)
