# SPDX-License-Identifier: MIT
"""The table of tests/mutants/run.py can fail: a survivor, a scheme with too few, a forgotten bug."""

import argparse
import json
import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "mutants"
sys.path.insert(0, str(FOLDER))

import planting  # noqa: E402
import run  # noqa: E402


def caught(scheme, name="x", bug="", checks=("SomeCheck",)):
    return planting.Result(scheme, name, "model", bug, list(checks), "bounded execution 1, 0.0 s")


def history():
    """Results that repeat every bug that can be repeated."""
    listed = planting.read_list(FOLDER / "history.toml", "bug")
    return [caught("(loader)", bug["id"], bug["id"] + ": so") for bug in listed]


@pytest.fixture(name="args")
def fixture_args(tmp_path):
    (tmp_path / "tests/model").mkdir(parents=True)
    text = json.dumps({"schemes": ["control/none", "counter/one"]})
    (tmp_path / "tests/model/mutants_build.json").write_text(text, encoding="utf-8")
    return argparse.Namespace(model=tmp_path, ci=tmp_path, only="")


def test_all_is_well(args, capsys):
    assert run.conclude(args, [caught("one"), caught("one", "y"), *history()], 1.0) == 0
    assert "0 survived" in capsys.readouterr().out


def test_survivor_is_named(args, capsys):
    results = [caught("one"), caught("one", "tough", checks=()), *history()]
    assert "SURVIVED" in run.line(results[1])
    assert run.conclude(args, results, 1.0) == 1
    assert "one/tough survived" in capsys.readouterr().err


def test_scheme_with_one_mutant_is_named(args, capsys):
    assert run.conclude(args, [caught("one"), *history()], 1.0) == 1
    assert "fewer than 2 mutants for one\n" in capsys.readouterr().err


def test_scheme_that_is_unsafe_on_purpose_needs_none(args, capsys):
    text = json.dumps({"schemes": ["lock/in_module"]})
    (args.model / "tests/model/mutants_build.json").write_text(text, encoding="utf-8")
    assert run.conclude(args, history(), 1.0) == 0
    assert "in_module          (unsafe on purpose" in capsys.readouterr().out


def test_historical_bug_without_mutant_is_named(args, capsys):
    kept = [result for result in history() if result.name != "b9a49520679e"]
    assert run.conclude(args, [caught("one"), caught("one", "y"), *kept], 1.0) == 1
    assert "historical bug b9a49520679e not repeated" in capsys.readouterr().err


def test_changed_source_is_noticed():
    mutant = {"key": "one/x", "find": "no such text", "replace": ""}
    with pytest.raises(planting.Unusable, match="occurs 0 times in schemes/scheme.hpp"):
        planting.mutate(mutant, "schemes/scheme.hpp")


def test_failures_are_read_from_gtest():
    output = (
        "[ RUN      ] Model/One.First\n[  FAILED  ] Model/One.First (3 ms)\n"
        "[ RUN      ] Typed/0.Second\n"
        "[  FAILED  ] Typed/0.Second, where TypeParam = One<x, y> (3 ms)\n"
        "[  FAILED  ] 2 tests, listed below:\n[  FAILED  ] Model/One.First\n"
    )
    assert planting.tests_failed(output) == ["Model/One.First", "Typed/0.Second"]
    assert planting.tests_run("one/x", output) == ["Model/One.First", "Typed/0.Second"]
