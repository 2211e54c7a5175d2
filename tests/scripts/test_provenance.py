# SPDX-License-Identifier: MIT
"""Where results came from: the binary's commit, its modules, the hunts for unsafe schemes."""
import os
import subprocess

import pytest

from getputlib import environment, plugins, provenance, run_command

HEAD = environment.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small repository in the place of the project's, and a binary built from its first commit."""
    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "bench").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "bench/a.cpp").write_text("int a;\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    monkeypatch.setattr(provenance, "REPOSITORY", tmp_path)
    binary = tmp_path.parent / f"{tmp_path.name}-binary"
    binary.write_text("binary")
    return tmp_path, git, binary, {"commit": environment.git("rev-parse", "--short=12", "HEAD"), "dirty": False}


def test_a_binary_of_this_commit_is_current(checkout):
    _, _, binary, build = checkout
    assert provenance.stale(build, binary) is None


def test_a_later_commit_makes_the_binary_stale(checkout):
    _, git, binary, build = checkout
    git("commit", "-q", "--allow-empty", "-m", "two")
    assert f"built from {build['commit']}, the checkout is" in provenance.stale(build, binary)


@pytest.mark.parametrize("name, stale", [("bench/a.cpp", True), ("bench/new.cpp", True), ("docs/a.md", False)])
def test_a_file_that_is_built_and_was_changed_later_makes_it_stale(checkout, name, stale):
    folder, _, binary, build = checkout
    (folder / name).write_text("changed\n")
    os.utime(binary, (0, os.stat(folder / name).st_mtime - 10))
    assert (f"{name} was changed after" in (provenance.stale(build, binary) or "")) == stale
    os.utime(binary, (0, os.stat(folder / name).st_mtime + 10))
    assert provenance.stale(build, binary) is None


def test_what_nobody_can_tell_is_not_called_stale(checkout, monkeypatch):
    _, _, binary, build = checkout
    assert provenance.stale({"commit": "unknown"}, binary) is None and provenance.stale(None, binary) is None
    monkeypatch.setattr(environment, "REPOSITORY", binary.parent / "nowhere")
    assert provenance.stale(build, binary) is None


def test_a_folder_of_results_is_named_after_the_binarys_commit():
    name = run_command.default_directory({"commit": "0123456789abcdef", "dirty": True}).name
    assert name.endswith("-0123456789ab-dirty") and f"-{os.uname().nodename}-" in name


@pytest.mark.skipif(HEAD is None, reason="not a repository")
def test_run_and_doctor_say_that_a_binary_is_stale_and_a_strict_run_refuses_it(driver):
    driver.behave(commit="0123456789ab")
    words = "the binary was built from 0123456789ab, the checkout is"
    _, err = driver("run", "--smoke", "--out", "out", "--workload", "pairs", "--scheme", "plain", "--trials", "1")
    assert f"WARNING: {words}" in err and words in driver.document("env.json")["stale"]
    _, err = driver("run", "--smoke", "--out", "b", "--workload", "pairs", "--require-current", code=3)
    assert words in err and not (driver.folder / "b").exists()
    assert words in driver("doctor")[0]


def test_modules_are_hashed_and_a_resume_with_others_is_refused(driver):
    folder = driver.folder / "modules"
    folder.mkdir()
    for name in plugins.PLUGINS:
        (folder / f"{name}.so").write_text(name)
    os.environ["GETPUT_PLUGIN_DIR"] = str(folder)
    try:
        driver.run("--workload", "pairs", "--scheme", "plain")
        env = driver.document("env.json")
        assert [plugin["name"] for plugin in env["plugins"]] == ["nic", "tcp", "udp"]
        assert env["machine"]["environment_variables"]["GETPUT_PLUGIN_DIR"] == str(folder)
        assert env["machine"]["environment_size"]["variables"] > 0
        driver("validate", "out")
        (folder / "nic.so").write_text("another")
        assert "modules changed" in driver("run", "--resume", "out", code=2)[1]
    finally:
        del os.environ["GETPUT_PLUGIN_DIR"]


def test_there_is_one_place_for_the_modules(tmp_path, monkeypatch):
    monkeypatch.delenv("GETPUT_PLUGIN_DIR", raising=False)
    for folder in ("bin", "plugins", "bin/plugins"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "nic.so").write_text(folder)
    assert plugins.child_environment(tmp_path / "bin/getput-bench")["GETPUT_PLUGIN_DIR"] == str(tmp_path / "plugins")
    assert plugins.plugins(tmp_path / "bin/getput-bench")[0]["path"] == str(tmp_path / "plugins/nic.so")


def test_an_unsafe_scheme_is_hunted_once_per_run(driver):
    driver.behave(unsafe=True)
    _, err = driver("run", "--smoke", "--out", "out", "--workload", "pairs", "--scheme", "in_module,plain,brlock")
    hunts = driver.document("manifest.json")["hunts"]
    assert [(found["scheme"], found["caught"]) for found in hunts] == [("in_module", True)]
    assert err.count("expected: in_module (nowhere) protects nothing") == 1
    driver("validate", "out")
    driver.behave(unsafe=True, no_hunt=True)
    driver("run", "--resume", "out")
    assert driver.document("manifest.json")["hunts"] == hunts, "a resumed run hunts no more"


def test_wrong_cells_of_an_unsafe_scheme_are_not_told_one_by_one(driver):
    driver.behave(unsafe=True, wrong=["in_module"])
    _, err = driver("run", "--smoke", "--out", "out", "--workload", "pairs", "--scheme", "in_module,plain")
    assert "WRONG: pairs/in_module" not in err


@pytest.mark.parametrize("behaviour, words", [
    ({"uncaught": ["in_module"]}, "not caught"), ({"no_hunt": True}, 'not carried out: unknown flag "--getput_hunt"'),
])
def test_a_hunt_that_fails_is_said_and_is_no_error(driver, behaviour, words):
    driver.behave(unsafe=True, **behaviour)
    _, err = driver("run", "--smoke", "--out", "out", "--workload", "pairs", "--scheme", "in_module,plain", "--trials", "6")
    assert words in err
    driver("validate", "out")
