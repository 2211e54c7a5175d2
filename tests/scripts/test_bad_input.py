# SPDX-License-Identifier: MIT
"""Bad requests: one clear line that names the thing and the remedy, the known names, and exit 2 or 3."""
import subprocess

import pytest
from conftest import GETPUT


@pytest.mark.parametrize("arguments, words", [
    (("run", "--smoke", "--scheme", "percpu_splat"), ("unknown scheme 'percpu_splat'", "percpu_split", "rcu_memb")),
    (("run", "--smoke", "--scheme", "percpu_splt"), ("did you mean percpu_split?",)),
    (("run", "--smoke", "--schemes", "plain"), ("did you mean --scheme?",)),
    (("run", "--smoke", "--trials", "9" * 20), ("trials of", "--trials")),
    (("run", "--smoke", "--threads", ""), ("''",)),
    (("run", "--smoke", "--place", ""), ("--place needs",)),
    (("run", "--smoke", "--pcap", ""), ("is not a file",)),
    (("run", "--smoke", "--workload", "pears"), ("unknown workload 'pears'", "pairs", "removal", "netpath")),
    (("run", "--smoke", "--scheme", "["), ("not a regular expression",)),
    (("run", "--smoke", "--place", "sideways"), ("unknown placement 'sideways'", "compact, scatter")),
    (("run", "--smoke", "--threads", "zero"), ("'zero'",)),
    (("run", "--smoke", "--threads", "0"), ("'0'",)),
    (("run", "--smoke", "--threads", "100000"), ("this process may use",)),
    (("run", "--smoke", "--pcap", "/nowhere.pcap"), ("no such capture: /nowhere.pcap",)),
    (("run", "--smoke", "--pcap", "."), ("is not a file",)),
    (("run", "--smoke", "--bogus"), ("'--bogus'", "--smoke", "--resume")),
    (("run", "--smoke", "--paper"), ("not allowed with",)),
    (("run", "--smoke", "--trials", "0"), ("not 1 or more",)),
    (("list", "--scheme", "nothing"), ("unknown scheme 'nothing'",)),
    (("summary", "/nowhere"), ("no such results directory",)),
    (("summary", "out", "--format", "xml"), ("table", "csv", "json")),
    (("report", "."), ("no plan.json",)),
    (("conquer",), ("unknown command 'conquer'", "doctor", "summary", "compare")),
    (("sumary", "out"), ("did you mean summary?",)),
    (("help", "conquer"), ("unknown command 'conquer'",)),
    ((), ("COMMAND",)),
])
def test_exit_2_and_what_is_known(driver, arguments, words):
    _, err = driver(*arguments, code=2)
    assert all(word in err for word in words), err
    assert "Traceback" not in err


def test_help_is_a_command(driver):
    assert "COMMAND" in driver("help")[0] and "--self-test" in driver("help", "summary")[0]


def test_a_module_of_the_same_name_in_the_way_is_named_in_one_line(measured):
    """A scipy.py that PYTHONPATH puts first: neither a traceback nor advice to install scipy."""
    (measured.folder / "polluted").mkdir(exist_ok=True)
    (measured.folder / "polluted" / "scipy.py").write_text("raise RuntimeError('polluted')\n")
    done = subprocess.run([GETPUT, "summary", "out"], capture_output=True, text=True, check=False, cwd=measured.folder,
                          env={**measured.environment(), "PYTHONPATH": str(measured.folder / "polluted")})
    assert done.returncode == 3 and done.stderr.count("\n") == 1, done.stderr
    assert "polluted/scipy.py cannot be imported (RuntimeError: polluted)" in done.stderr and "unset PYTHONPATH" in done.stderr


def test_too_few_files_are_no_reason_to_rebuild(driver):
    done = subprocess.run(f"ulimit -n 8; {GETPUT} list", shell=True, capture_output=True, text=True, check=False, cwd=driver.folder,
                          env=driver.environment())
    assert done.returncode == 3 and "ulimit -n 1024" in done.stderr and "rebuild" not in done.stderr


def test_a_missing_binary_is_exit_3_with_the_remedy(driver):
    _, err = driver("list", "--bench", "/nowhere/getput-bench", code=3)
    assert "no benchmark binary at /nowhere/getput-bench" in err and "scripts/run" in err and err.count("\n") == 1


def test_a_binary_that_cannot_run_is_exit_3(driver):
    broken = driver.folder / "broken"
    broken.write_text("not a program")
    assert "may not be executed" in driver("list", "--bench", broken, code=3)[1]
    broken.chmod(0o755)
    assert "cannot run" in driver("list", "--bench", broken, code=3)[1]


@pytest.mark.parametrize("script, words", [
    ("echo '{\"schema\": \"getput.list/9\"}'", "getput.list/9"),
    ("echo '{\"schema\": NaN}'", "NaN is not JSON"),
    ("echo '{\"a\": 1, \"a\": 2}'", "key given twice: a"),
    ("echo 'getput-bench: libpcap is too old' >&2; exit 3", "libpcap is too old"),
])
def test_a_binary_that_answers_nonsense_is_exit_3(driver, script, words):
    broken = driver.folder / "broken"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    _, err = driver("list", "--bench", broken, code=3)
    assert words in err and "Traceback" not in err


def test_a_python_without_the_modules_names_the_packages(driver):
    """-S hides the distribution's packages, as a Python from elsewhere would."""
    done = subprocess.run(["/usr/bin/python3", "-S", str(GETPUT), "summary", "out"], capture_output=True, text=True,
                          check=False, cwd=driver.folder)
    assert done.returncode == 3 and "apt-get install" in done.stderr and "python3-scipy" in done.stderr


def test_a_reader_that_goes_away_is_no_error(measured):
    done = subprocess.run(f"{GETPUT} summary out | head -1", shell=True, capture_output=True, text=True, check=False,
                          cwd=measured.folder, env=measured.environment())
    assert done.stderr == "" and done.stdout.startswith("What L6 per sk_buff adds to a packet")


@pytest.mark.parametrize("command", ["list --schemes", "summary out", "--help", "doctor --json"])
def test_a_full_stdout_is_exit_3_in_one_line(measured, command):
    done = subprocess.run(f"{GETPUT} {command} > /dev/full", shell=True, capture_output=True, text=True, check=False,
                          cwd=measured.folder, env=measured.environment())
    assert (done.returncode, done.stderr) == (3, "getput: cannot write to stdout: No space left on device\n")


def test_streams_that_are_closed_are_not_reused(driver):
    """With descriptor 1 free, the next file that is opened would be what is printed to."""
    done = subprocess.run(f"{GETPUT} list 0<&- 1>&- && {GETPUT} list 2>&- | head -1", shell=True, capture_output=True, text=True,
                          check=False, cwd=driver.folder, env=driver.environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "Schemes:\n", "")


def test_nothing_to_measure_is_exit_3_and_says_why(driver):
    _, err = driver("run", "--smoke", "--scheme", "needs_rseq", "--out", "out", code=3)
    assert "nothing of this request can be measured here" in err and "kernel or libc without rseq" in err
    assert not (driver.folder / "out").exists()
    driver("run", "--smoke", "--scheme", "needs_rseq", "--dry-run")


@pytest.mark.parametrize("document, words", [
    ("[]", "it is no document of getput"), ("{}", "it is no document of getput"),
    ('{"schema": "getput.plan/1"}', "see `getput validate`"), ('{"schema": "getput.plan/1", "run": {"schemes": [3]}}', "see `getput validate`"),
])
@pytest.mark.parametrize("command", [("summary",), ("report",), ("run", "--resume"), ("compare", "out")])
def test_a_plan_that_is_none_is_exit_1(driver, document, words, command):
    folder = driver.finished_run("--workload", "pairs", "--scheme", "plain,percpu_ref", "--threads", "1")
    (folder / "plan.json").write_text(document)
    _, err = driver(*command, "out", code=1)
    assert words in err and "Traceback" not in err and err.count("\n") == 1
    assert "plan.json" in driver("validate", "out", code=1)[0]
