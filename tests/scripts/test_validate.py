# SPDX-License-Identifier: MIT
"""validate: removed, altered, doubled and impossible lines show, with and without the seal."""
import json
import subprocess

import pytest


@pytest.fixture
def run(driver):
    driver.finished_run("--workload", "pairs,netpath", "--scheme", "brlock,plain")
    return driver


def change_lines(driver, change):
    path = driver.folder / "out" / "trials.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in change(lines)))


def altered(factor):
    def change(lines):
        for line in lines:
            line["ns_per_op"] *= factor
        return lines
    return change


def without_seal(driver):
    (driver.folder / "out" / "SHA256SUMS").unlink()


def test_an_honest_run_is_valid_with_and_without_its_seal(run):
    run("validate", "out")
    without_seal(run)
    run("validate", "out")


def test_a_run_with_every_option_that_the_binary_gets_is_valid(driver):
    capture = driver.folder / "some.pcap"
    capture.write_bytes(b"frames")
    options = ["--threads", "1", "--place", "scatter", "--workload", "netpath", "--scheme", "plain"]
    for also in (["--traffic", "imix,flows=256", "--local", "10"], ["--pcap", capture]):
        driver("run", "--smoke", "--no-settle", *options, *also, "--out", also[0][2:])
        driver("validate", also[0][2:])


def test_the_seal_is_that_of_sha256sum(run):
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=run.folder / "out", check=False, capture_output=True)
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["trials.jsonl", "plan.json", "env.json", "manifest.json"])
def test_a_byte_changed_after_the_run_breaks_the_seal(run, name):
    path = run.folder / "out" / name
    path.write_text(path.read_text() + " ")
    assert f"SHA256SUMS: {name} was changed" in run("validate", "out", code=1)[0]


def test_a_seal_that_leaves_a_file_out_is_no_seal(run):
    path = run.folder / "out" / "SHA256SUMS"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "trials.jsonl" not in line))
    assert "trials.jsonl is not sealed" in run("validate", "out", code=1)[0]


def test_removed_lines_show_in_the_counts(run):
    change_lines(run, lambda lines: lines[:-3])
    without_seal(run)
    out, _ = run("validate", "out", code=1)
    assert "trials kept, there are" in out


def test_lines_removed_from_one_workload_and_counted_down_show_there(run):
    manifest = run.document("manifest.json")
    manifest["counts"]["kept"] -= 1
    (run.folder / "out" / "manifest.json").write_text(json.dumps(manifest))
    change_lines(run, lambda lines: [line for line in lines if line is not next(t for t in lines if t["workload"] == "pairs")])
    without_seal(run)
    assert "trials kept of pairs, there are" in run("validate", "out", code=1)[0]


@pytest.mark.parametrize("change, words", [
    (altered(10), "line 2: ns_per_op"),
    (altered(0.001), "line 2: ns_per_op"),
    (altered(-1), "line 2: ns_per_op"),
    (lambda lines: [*lines, lines[0]], "already kept on line 1"),
])
def test_altered_values_show_without_a_seal(run, change, words):
    change_lines(run, change)
    without_seal(run)
    assert words in run("validate", "out", code=1)[0]


def test_a_copied_rejected_attempt_is_found(driver):
    driver.behave(reject=0.4)
    driver.run("--workload", "pairs", "--scheme", "brlock,plain")
    rejected = next(line for line in driver.trials() if not line["valid"])
    change_lines(driver, lambda lines: [*lines, rejected])
    assert "is a copy of line" in driver("validate", "out", code=1)[0]


def test_an_infinite_value_names_file_and_line(run):
    path = run.folder / "out" / "trials.jsonl"
    lines = path.read_text().splitlines(True)
    first = json.loads(lines[0])
    lines[0] = lines[0].replace(str(first["ns_per_op"]), "1e999", 1)
    path.write_text("".join(lines))
    assert "trials.jsonl line 1: 1e999 is not a finite number" in run("validate", "out", code=1)[0]


def test_lines_of_schema_1_are_valid(driver):
    driver.behave(schema=1)
    driver.run("--workload", "pairs,netpath", "--scheme", "brlock,plain")
    assert {line["schema"] for line in driver.trials()} == {"getput.trial/1"}
    driver("validate", "out")


def test_a_binary_older_than_the_checkout_is_listed(run):
    path = run.folder / "out" / "env.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "stale": "the binary was built from abc, the checkout is def"}))
    assert "env.json: the binary was built from abc" in run("validate", "out", code=1)[0]


def test_a_flag_of_the_plan_that_is_no_selection_is_refused(run):
    plan = run.document("plan.json")
    plan["run"]["flags"] = ["--getput_out=/etc/passwd"]
    (run.folder / "out" / "plan.json").write_text(json.dumps(plan))
    assert "run/flags/0" in run("validate", "out", code=1)[0]
    assert "run/flags/0" in run("run", "--resume", "out", code=1)[1]


def test_symbolic_links_in_a_results_directory_are_replaced_and_not_followed(run):
    victim = run.folder / "victim"
    victim.write_text("precious")
    for name in ("manifest.json.partial", "SHA256SUMS"):
        (run.folder / "out" / name).unlink(missing_ok=True)
        (run.folder / "out" / name).symlink_to(victim)
    run("run", "--resume", "out")
    assert victim.read_text() == "precious" and not (run.folder / "out" / "SHA256SUMS").is_symlink()


def test_packed_trials_are_validated_like_any_other(run):
    import lzma

    without_seal(run)
    folder = run.folder / "out"
    (folder / "trials.jsonl.xz").write_bytes(lzma.compress((folder / "trials.jsonl").read_bytes()))
    (folder / "trials.jsonl").unlink()
    run("validate", "out")
    lines = lzma.decompress((folder / "trials.jsonl.xz").read_bytes()).splitlines(True)
    (folder / "trials.jsonl.xz").write_bytes(lzma.compress(b"".join(lines[1:])))
    assert "trials kept, there are" in run("validate", "out", code=1)[0]
