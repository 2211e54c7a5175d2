# SPDX-License-Identifier: MIT
"""instructions.json on its way from the build into the run and the report; the binary's list against its schema."""
import json
import os
import re
from pathlib import Path

import pytest
from conftest import FAKE
from getputlib import instructions, style, validate

LINE = {"lines": ["lock addl $0x1,(%rdi)", "ret"], "instructions": 2, "bytes": 5, "locked": 1, "fences": 0, "calls": 0,
        "branches": 0, "taken": 0, "off_line_bytes": 3}


def document(promised=1, **changed):
    side = {"promised": promised, **LINE}
    schemes = [{"name": name, "get": dict(side), "put": dict(side)} for name in ("plain", "brlock")]
    return {"schema": instructions.SCHEMA, "architecture": "x86_64", "compiler": "GNU 12", "flags": "-O2", "why": None,
            "schemes": schemes, **changed}


@pytest.fixture
def built(driver, monkeypatch):
    """The stand-in binary in a folder of its own, with what its build found beside it."""
    def leave(found):
        folder = driver.folder / "bin"
        folder.mkdir(exist_ok=True)
        if not (folder / "getput-bench").exists():
            (folder / "getput-bench").symlink_to(FAKE)
        (folder / instructions.FILE).write_text(json.dumps(found))
        return driver("run", "--smoke", "--workload", "pairs", "--scheme", "plain,brlock", "--threads", "1", "--out", "out",
                      "--bench", folder / "getput-bench")

    return leave


def page(driver):
    driver("report", "out")
    return (driver.folder / "out" / "report.html").read_text()


def test_it_is_kept_validated_and_shown(driver, built):
    built(document())
    assert driver.document(instructions.FILE) == document()
    driver("validate", "out")
    text = page(driver)
    assert "try_get:\n  lock addl $0x1,(%rdi)\n  ret\nput:" in text and "GNU 12, -O2, x86_64" in text
    kept = driver.folder / "out" / instructions.FILE
    kept.write_text(json.dumps(document(extra=1)))
    assert "extra" in driver("validate", "out", code=1)[0]


def test_that_of_another_build_is_not_kept(driver, built):
    assert "is of another build (plain: get)" in built(document(promised=0))[1]
    assert not (driver.folder / "out" / instructions.FILE).exists()


def test_another_architecture_is_said(driver, built):
    built(document(schemes=[], why="not checked on aarch64: the check reads x86-64 only", architecture="aarch64"))
    assert "Not checked on aarch64" in page(driver)


def test_a_broken_promise_is_shown(driver, built):
    found = document()
    found["schemes"][1]["put"]["locked"] = 2
    built(found)
    assert "put promises 1 locked instructions and has 2" in page(driver)


def test_a_build_without_it_is_said(driver):
    driver.run("--workload", "pairs", "--scheme", "plain", "--threads", "1")
    assert "This run has no instructions.json" in page(driver)


def real_binary():
    path = Path(os.environ.get("GETPUT_BENCH", "/nowhere"))
    return path if path.is_file() and path != FAKE else None


@pytest.mark.skipif(real_binary() is None, reason="GETPUT_BENCH names no built binary")
def test_the_real_list_and_its_instructions_match_their_schemas():
    from getputlib.bench import Bench

    listing = Bench(real_binary()).list()
    assert list(validate.schema_problems("list", listing)) == []
    found = instructions.read(real_binary().parent / instructions.FILE)
    assert list(validate.schema_problems("instructions", found)) == []
    assert instructions.differences(found, listing["schemes"]) == []


@pytest.mark.skipif(real_binary() is None, reason="GETPUT_BENCH names no built binary")
def test_the_real_list_says_which_schemes_have_sessions():
    from getputlib.bench import Bench

    for scheme in Bench(real_binary()).list()["schemes"]:
        header = style.REPORTS.parent / f"schemes/{scheme['folder']}/{scheme['name']}.hpp"
        assert scheme["session"] is bool(re.search(r"^ +class Session\b", header.read_text(), re.M)), scheme["name"]


def test_the_list_of_the_stand_in_matches_the_schema(driver):
    assert list(validate.schema_problems("list", json.loads(driver("list", "--json")[0]))) == []
