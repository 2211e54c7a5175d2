# SPDX-License-Identifier: MIT
"""scripts/run: what it checks, says and refuses before it installs, builds or measures."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.fixture
def checkout(tmp_path):
    """A copy of what scripts/run reads, without a build; apt, sudo and dpkg-query are stand-ins that leave a trace."""
    folder = tmp_path / "checkout"
    for name in ("scripts", "schemes", "reports/schema"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("pairs", "removal", "netpath"):
        (folder / "bench/workloads" / name).mkdir(parents=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, script in {
        "dpkg-query": "for last; do :; done; [ \"$last\" = libck-dev ] || printf installed",
        "apt-get": f"echo \"$@\" >>{tmp_path}/apt", "cmake": f"echo \"$@\" >>{tmp_path}/cmake; exit 1",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    return folder


def run(checkout, *arguments, script=None, user=None, **variables):
    environment = {**os.environ, "PATH": f"{checkout.parent / 'tools'}:{os.environ['PATH']}", **variables}
    for name in ("GETPUT_BENCH", "GETPUT_PRESET", "GETPUT_BUILD_ROOT", "GETPUT_NO_APT"):
        if name not in variables:
            environment.pop(name, None)
    return subprocess.run([script or checkout / "scripts/run", *arguments], env=environment, capture_output=True, text=True,
                          check=False, user=user, cwd=checkout.parent)


def touched(checkout):
    return [name for name in ("apt", "cmake") if (checkout.parent / name).exists()] + [p.name for p in checkout.glob("build")]


@pytest.mark.parametrize("arguments, words", [
    (("--scheme", "percpu_reff"), "did you mean percpu_ref"),
    (("--pcap", "/nonexist"), "no such capture"),
    (("--workload", "pears"), "unknown workload"),
    (("--threads", "0"), "'0'"),
    (("--place", "list:4095"), "may not use CPU 4095"),
    (("--trials", "0"), "not 1 or more"),
    (("--until-width", "wide"), "--until-width"),
    (("--bogus",), "unknown argument --bogus"),
    (("--smoke", "--paper"), "exclude each other"),
    (("--seed",), "needs a value"),
])
def test_a_bad_request_is_refused_before_anything_is_installed_or_built(checkout, arguments, words):
    done = run(checkout, *arguments)
    assert done.returncode == 2 and words in done.stderr and touched(checkout) == [], done.stderr


def test_a_dry_run_says_what_it_would_install_and_build_and_does_nothing(checkout):
    done = run(checkout, "--smoke", "--dry-run")
    assert done.returncode == 0 and "would install 1 Debian packages: libck-dev" in done.stderr, done.stderr
    assert f"would build release in {checkout}/build/release" in done.stderr and touched(checkout) == []


def test_peers_have_a_build_and_packages_of_their_own_and_can_be_named(checkout):
    (checkout / "bench/peers").mkdir()
    shutil.copy(ROOT / "bench/peers/CMakeLists.txt", checkout / "bench/peers")
    done = run(checkout, "--smoke", "--peers", "--scheme", "dpdk_qsbr", "--scheme", "plain", "--dry-run")
    assert done.returncode == 0 and f"would build peers in {checkout}/build/peers" in done.stderr, done.stderr
    refused = run(checkout, "--smoke", "--scheme", "dpdk_qsbr", "--dry-run")
    assert refused.returncode == 2 and "unknown scheme" in refused.stderr
    (checkout.parent / "tools/dpkg-query").write_text('#!/bin/sh\nfor last; do :; done\n[ "$last" = libtbb-dev ] || printf installed\n')
    assert "libtbb-dev" in run(checkout, "--smoke", "--peers", "--dry-run").stderr
    assert "libtbb-dev" not in run(checkout, "--smoke", "--dry-run").stderr


@pytest.mark.parametrize("arguments, variables", [(("--no-install",), {}), ((), {"GETPUT_NO_APT": "1"})])
def test_without_leave_to_install_missing_packages_are_exit_3(checkout, arguments, variables):
    done = run(checkout, "--smoke", *arguments, **variables)
    assert done.returncode == 3 and "apt-get install libck-dev" in done.stderr and touched(checkout) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_checkout_of_another_user_is_exit_3_with_the_remedy(checkout):
    with tempfile.TemporaryDirectory() as folder:  # where every user gets to
        os.chmod(folder, 0o755)
        copy = Path(folder) / "checkout"
        shutil.copytree(checkout, copy)
        shutil.copytree(checkout.parent / "tools", Path(folder) / "tools")
        done = run(copy, "--smoke", user=65534)
        assert done.returncode == 3 and "GETPUT_BUILD_ROOT=FOLDER" in done.stderr and "--out DIR" in done.stderr
        assert done.stderr.count("\n") == 1
        assert run(copy, "--smoke", user=65534, GETPUT_BUILD_ROOT=folder).returncode == 3


def test_a_checkout_behind_a_symbolic_link_has_one_build(checkout):
    link = checkout.parent / "link"
    link.symlink_to(checkout)
    assert f"would build release in {checkout}/build" in run(checkout, "--dry-run", script=link / "scripts/run").stderr
    alone = checkout.parent / "getput-run"
    alone.symlink_to(checkout / "scripts/run")
    assert f"would build release in {checkout}/build" in run(checkout, "--dry-run", script=alone).stderr


@pytest.mark.parametrize("home, folder, fresh", [("{root}", "{build}", False), ("/elsewhere", "{build}", True), ("{root}", "/elsewhere", True)])
def test_the_build_folder_of_a_moved_checkout_is_configured_anew(checkout, home, folder, fresh):
    build = checkout / "build/release"
    build.mkdir(parents=True)
    home, folder = (text.format(root=checkout, build=build) for text in (home, folder))
    (build / "CMakeCache.txt").write_text(f"CMAKE_HOME_DIRECTORY:INTERNAL={home}\nCMAKE_CACHEFILE_DIR:INTERNAL={folder}\n")
    (checkout.parent / "tools/dpkg-query").write_text("#!/bin/sh\nprintf installed\n")
    done = run(checkout, "--smoke")
    assert done.returncode == 3 and ("configuring it anew" in done.stderr) == fresh
    assert ("--fresh" in (checkout.parent / "cmake").read_text()) == fresh


def test_what_getput_run_takes_is_passed_on(checkout):
    """Every option of `getput run` that makes sense before a build is one of scripts/run."""
    from getputlib import commands

    parser = next(action for action in commands.make_parser()._actions if action.dest == "command").choices["run"]
    options = {name for action in parser._actions for name in action.option_strings if name.startswith("--")}
    driver_only = {"--json", "--bench", "--check", "--require-current"}
    told = run(checkout, "--bogus").stderr + run(checkout, "--help").stdout
    assert [name for name in sorted(options - driver_only) if name not in told] == []


@pytest.mark.parametrize("name", ["run", "test"])
def test_a_link_to_a_script_finds_its_own_files(checkout, name):
    (checkout.parent / "link").symlink_to(checkout / "scripts" / name)
    done = run(checkout, "--help", script=checkout.parent / "link")
    assert done.returncode == 0 and done.stdout.startswith("usage: scripts/"), done.stderr


def test_a_checkout_has_one_build_by_whatever_path_it_is_reached(checkout):
    (checkout.parent / "other").symlink_to(checkout)
    done = run(checkout, "--smoke", script=checkout.parent / "other" / "scripts" / "run", user=None)
    told = (checkout.parent / "cmake").read_text() if (checkout.parent / "cmake").exists() else done.stderr
    assert f"-S {checkout} -B {checkout}/build/release" in told, told
