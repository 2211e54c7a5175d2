# SPDX-License-Identifier: MIT
"""`getput reproduce`: the four outcomes, the exit codes, and that the list of claims names what exists."""
import json
import os
import re
import tomllib

import pytest
from conftest import ROOT

from getputlib import claims, doctor
from getputlib.errors import GetputError

HEAD = 'schema = "getput.claims/1"\n'
CLAIM = """
[[claim]]
id = "{id}"
says = "one is slower than the other"
source = "A. Author, a paper, 2003"
url = "https://example.org/paper"
read = "the abstract"
published = "twice"
machine = "a machine"
must_hold = {must_hold}
needs = {{ cpus = {cpus} }}
[[claim.ratio]]
over = {{ workload = "pairs", scheme = "{over}", threads = 1 }}
under = {{ workload = "pairs", scheme = "{under}", threads = 1 }}
at_least = {at_least}
"""


def claim(name="slower", over="atomic_base", under="plain", at_least=2.0, must_hold="true", cpus=1):
    """A claim about the stand-in binary, whose atomic_base costs 12.8 times what plain does."""
    return CLAIM.format(id=name, over=over, under=under, at_least=at_least, must_hold=must_hold, cpus=cpus)


@pytest.fixture(name="reproduce")
def fixture_reproduce(driver):
    """Runs the command on claims of the test's own; returns {id: claim of the JSON document}."""

    def run(*entries, code=0, arguments=(), **behaviour):
        driver.behave(**behaviour)
        (driver.folder / "claims.toml").write_text(HEAD + "".join(entries))
        out, err = driver("reproduce", "--claims", "claims.toml", "--json", "--seed", "5", *arguments, code=code)
        run.err = err
        document = json.loads(out)
        assert document["schema"] == "getput.reproduce/1"
        return {entry["id"]: entry for entry in document["claims"]}

    return run


def test_ratio_inside_the_band_is_held(reproduce):
    found = reproduce(claim())["slower"]
    assert found["outcome"] == "held"
    measured = found["ratios"][0]["measured"]
    assert measured["low"] < 12.8 < measured["high"] and measured["n"] == [8, 8]


def test_ratio_outside_the_band_is_not_held(reproduce):
    assert reproduce(claim(at_least=20.0, must_hold="false"))["slower"]["outcome"] == "not held"


def test_interval_across_the_limit_cannot_tell(reproduce):
    assert reproduce(claim(over="none", under="none", at_least=1.0), code=4)["slower"]["outcome"] == "cannot tell"


def test_claim_for_more_cpus_is_not_on_this_machine(reproduce):
    found = reproduce(claim(), claim("many", cpus=100000))
    assert found["many"]["outcome"] == "not on this machine" and "100000 CPUs" in found["many"]["why"]
    assert found["slower"]["outcome"] == "held"


def test_unavailable_scheme_is_not_on_this_machine(reproduce):
    found = reproduce(claim(over="needs_rseq"), code=3)["slower"]
    assert (found["outcome"], found["why"]) == ("not on this machine", "kernel or libc without rseq")


def test_planted_wrong_result_exits_1(reproduce):
    """atomic_base made 100 times faster contradicts the claim."""
    assert reproduce(claim(), scale={"atomic_base": 0.01}, code=1)["slower"]["outcome"] == "not held"


def test_claim_that_need_not_hold_does_not_fail(reproduce):
    assert reproduce(claim(must_hold="false"), scale={"atomic_base": 0.01})["slower"]["outcome"] == "not held"


def test_wrong_scheme_fails_and_is_not_judged(reproduce):
    found = reproduce(claim(), wrong=["atomic_base"], code=1)["slower"]
    assert found["outcome"] == "cannot tell" and "WRONG" in found["why"]


def test_nothing_measured_exits_3(reproduce):
    reproduce(claim(cpus=100000), code=3)
    assert "no claim can be checked" in reproduce.err


def test_few_processes_cannot_tell(reproduce):
    found = reproduce(claim(), arguments=("--trials", "5"), code=4)["slower"]
    assert found["outcome"] == "cannot tell" and "5 processes of 6" in found["why"]


def test_every_trial_has_a_process_of_its_own(reproduce, driver):
    reproduce(claim(), arguments=("--out", "kept"))
    trials = [trial for trial in driver.trials("kept") if trial["scheme"] == "plain"]
    assert len({trial["pid"] for trial in trials}) == len(trials) == 8
    driver("validate", "kept")


def test_text_shows_published_and_measured(driver):
    (driver.folder / "claims.toml").write_text(HEAD + claim())
    out = driver("reproduce", "--claims", "claims.toml", "--seed", "5")[0]
    assert re.search(r"published +twice \(a machine\)", out) and "A. Author" in out
    assert re.search(r"here +atomic_base, 1 thread over plain, 1 thread: 12\.\d \[12\.\d, 1[23]\.\d?\], n = 8 and 8", out)
    assert "1 held, 0 not held, 0 cannot tell, 0 not on this machine" in out


@pytest.mark.parametrize("text, said", [
    ("", "schema None is not"),
    (HEAD + claim().replace('url = "https://example.org/paper"\n', ""), "claim slower: KeyError: 'url'"),
    (HEAD + claim() + claim(), "two claims have the same id"),
    ("not toml", "cannot be read"),
])
def test_incomplete_file_is_refused(driver, text, said):
    (driver.folder / "claims.toml").write_text(text)
    assert said in driver("reproduce", "--claims", "claims.toml", code=2)[1]


def test_claims_name_schemes_that_exist():
    listed = re.findall(r"getput_scheme\([a-z]+/([a-z0-9_]+)", (ROOT / "schemes/CMakeLists.txt").read_text())
    document = tomllib.loads(claims.FILE.read_text(encoding="utf-8"))
    sides = [ratio[side] for entry in document["claim"] for ratio in entry["ratio"] for side in ("over", "under")]
    assert {side["scheme"] for side in sides} <= set(listed)
    assert {side["workload"] for side in sides} <= {"pairs", "removal", "netpath"}
    for entry in document["claim"]:
        needed = max([side["threads"] for ratio in entry["ratio"] for side in ratio.values()
                      if isinstance(side, dict) and side["threads"] != "max"], default=1)
        assert entry["needs"].get("cpus", 1) >= needed, entry["id"]
        assert entry["url"].startswith("https://"), entry["id"]


def test_every_claim_loads():
    assert len(claims.load()) >= 9


@pytest.mark.parametrize("need, hide", [("rseq", "rseq_size"), ("membarrier", "membarrier_commands")])
def test_missing_kernel_interface_is_named(monkeypatch, need, hide):
    monkeypatch.setattr(doctor, hide, lambda: None)
    known = next(entry for entry in claims.load() if entry.needs.get(need))
    assert need in claims.missing_here(known, {"schemes": [], "cells": []})


def test_ratio_interval_covers_the_truth():
    """Welch's interval of two lognormal samples: about 95 in 100 contain the ratio."""
    import numpy

    chance, inside = numpy.random.default_rng(3), 0
    for _ in range(400):
        found = claims.ratio_of(2.0 * chance.lognormal(0.0, 0.1, 8), chance.lognormal(0.0, 0.02, 8))
        inside += found.low <= 2.0 <= found.high
    assert 365 <= inside <= 395


def test_unreadable_file_is_a_bad_request(tmp_path):
    with pytest.raises(GetputError, match="cannot be read"):
        claims.load(tmp_path / "missing.toml")


def test_temporary_results_are_removed(driver, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(driver.folder))
    (driver.folder / "claims.toml").write_text(HEAD + claim())
    driver("reproduce", "--claims", "claims.toml")
    assert not [name for name in os.listdir(driver.folder) if name.startswith("getput-")]
