# SPDX-License-Identifier: MIT
"""What getput needs to be built and run, and the Debian package that brings each piece.

Standard library only: this is what runs when nothing is installed yet.
"""
import importlib.util
import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

MEASURE, TRUST, DEVELOP = "to measure", "to trust what is measured", "to develop"
SYSTEM_PYTHON = "/usr/bin/python3"  # which has Debian's modules

# (tool, Debian package, oldest version that works or None, needed to build and run at all)
TOOLS = (
    ("cmake", "cmake", (3, 25), True),
    ("ninja", "ninja-build", None, True),
    ("g++", "g++", (12,), True),
    ("pkg-config", "pkg-config", None, True),
    ("git", "git", None, False),
    ("clang++-14", "clang-14", None, False),
    ("clang-format-14", "clang-format-14", None, False),
    ("clang-tidy-14", "clang-tidy-14", None, False),
    ("ccache", "ccache", None, False),
    ("lstopo-no-graphics", "hwloc-nox", None, False),
    ("pytest-3", "python3-pytest", None, False),
    ("chromium", "chromium", None, False),
    ("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu", None, False),
    ("qemu-aarch64-static", "qemu-user-static", None, False),
    ("qemu-system-aarch64", "qemu-system-arm", None, False),
    ("cpio", "cpio", None, False),
    ("shellcheck", "shellcheck", None, False),
    ("FileCheck-14", "llvm-14-tools", None, False),
    ("valgrind", "valgrind", None, False),
)
# Another command that does the same job is as good.
SUBSTITUTES = {
    "g++": ("g++-12", "c++"),
    "clang++-14": ("clang++",),
    "lstopo-no-graphics": ("lstopo",),
    "pytest-3": ("pytest",),
    "chromium": ("chromium-browser", "google-chrome"),
    "qemu-aarch64-static": ("qemu-aarch64",),
    "clang-format-14": (),
}
# (header, Debian package)
HEADERS = (
    ("hwloc.h", "libhwloc-dev"),
    ("urcu/urcu-memb.h", "liburcu-dev"),
    ("urcu/rculfhash.h", "liburcu-dev"),
    ("jemalloc/jemalloc.h", "libjemalloc-dev"),
    ("pcap/pcap.h", "libpcap-dev"),
    ("benchmark/benchmark.h", "libbenchmark-dev"),
    ("CLI/CLI.hpp", "libcli11-dev"),
    ("nlohmann/json.hpp", "nlohmann-json3-dev"),
    ("fmt/format.h", "libfmt-dev"),
    ("ck_epoch.h", "libck-dev"),
    ("boost/smart_ptr/intrusive_ptr.hpp", "libboost-dev"),
    ("linux/membarrier.h", "linux-libc-dev"),
    ("sys/rseq.h", "libc6-dev"),
)
DEVELOP_HEADERS = (("relacy/relacy.hpp", "relacy-dev"), ("gtest/gtest.h", "libgtest-dev"))
if platform.machine() == "x86_64":  # Debian has it for no other
    HEADERS += (("xenium/reclamation/hazard_pointer.hpp", "libxenium-dev"),)
MODULES = (
    ("numpy", "python3-numpy"),
    ("scipy", "python3-scipy"),
    ("matplotlib", "python3-matplotlib"),
    ("jinja2", "python3-jinja2"),
    ("jsonschema", "python3-jsonschema"),
    ("rich", "python3-rich"),
)


@dataclass
class Check:
    """One line of `doctor`. Status: ok, warn (works, but read the remedy), fail (cannot run), info (only to develop)."""

    group: str
    name: str
    status: str
    found: str
    remedy: str = ""
    package: str | None = None


def _version(command):
    try:
        done = subprocess.run([command, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"(\d+(?:\.\d+)+)", done.stdout + done.stderr)
    return match.group(1) if match else None


def _tool(name, package, oldest, required):
    group, absent = (MEASURE, "fail") if required else (DEVELOP, "info")
    remedy = f"apt-get install {package}" + ("" if required else f" (only for what uses {name})")
    path = next((p for c in (name, *SUBSTITUTES.get(name, ())) if (p := shutil.which(c))), None)
    if path is None:
        return Check(group, name, absent, "not found", remedy, package)
    # A browser starts slowly and its version decides nothing: only ask where the answer is used.
    version = _version(path) if oldest else None
    if oldest and version and tuple(int(part) for part in version.split(".")) < oldest:
        wanted = ".".join(map(str, oldest))
        return Check(group, name, absent, f"{version}, older than {wanted}", remedy, package)
    return Check(group, name, "ok", f"{version + ' ' if version else ''}{path}")


def _compiler():
    return next((path for name in ("c++", "g++", "g++-12", "clang++-14") if (path := shutil.which(name))), None)


def present_headers():
    """The headers of HEADERS and DEVELOP_HEADERS that the C++ preprocessor finds; None without a compiler."""
    compiler = _compiler()
    if compiler is None:
        return None
    lines = [f"#if __has_include(<{name}>)\nfound <{name}>\n#endif" for name, _ in (*HEADERS, *DEVELOP_HEADERS)]
    done = subprocess.run(
        [compiler, "-std=c++20", "-E", "-P", "-x", "c++", "-"],
        input="\n".join(lines), capture_output=True, text=True, check=False,
    )
    return set(re.findall(r"found <([^>]+)>", done.stdout))


def _header_checks():
    present = present_headers()
    for group, absent, headers in ((MEASURE, "fail", HEADERS), (DEVELOP, "info", DEVELOP_HEADERS)):
        for name, package in headers:
            if present is None:
                yield Check(group, name, absent, "cannot look: no C++ compiler", f"apt-get install g++ {package}", package)
            elif name in present:
                yield Check(group, name, "ok", package)
            else:
                yield Check(group, name, absent, "header not found", f"apt-get install {package}", package)


def missing_modules():
    """[(module, Debian package)] of Python modules that this interpreter cannot find."""
    return [(name, package) for name, package in MODULES if importlib.util.find_spec(name) is None]


IMPORT = """
import importlib, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
        found[name] = [True, getattr(module, "__version__", ""), getattr(module, "__file__", "")]
    except BaseException as error:
        found[name] = [False, f"{type(error).__name__}: {error}".splitlines()[0], ""]
print(json.dumps(found))
"""


def imported(names, python=None):
    """{module: (works, version or error, file)} as a fresh interpreter finds them; {} when it cannot be run."""
    try:
        done = subprocess.run([python or sys.executable, "-c", IMPORT, *names], capture_output=True, text=True, check=False, timeout=120)
        return {name: tuple(entry) for name, entry in json.loads(done.stdout.splitlines()[-1]).items()}
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        return {}


def _module_checks():
    """Importing finds what finding does not: a module that is broken, or another one of the same name."""
    names = [name for name, _ in MODULES]
    here = imported(names)
    failing = [name for name in names if not here.get(name, (False,))[0]]
    elsewhere = imported(failing, SYSTEM_PYTHON) if failing and sys.executable != SYSTEM_PYTHON else {}
    for name, package in MODULES:
        works, found, file = here.get(name, (False, "cannot be imported", ""))
        if works:
            yield Check(MEASURE, name, "ok", " ".join(filter(None, (found, file))) or package)
        elif elsewhere.get(name, (False,))[0]:
            yield Check(MEASURE, name, "fail", f"{found} ({sys.executable})", f"run scripts/getput with {SYSTEM_PYTHON}, which has it")
        elif importlib.util.find_spec(name) is None:
            yield Check(MEASURE, name, "fail", found, f"apt-get install {package}", package)
        else:
            where = importlib.util.find_spec(name).origin
            yield Check(MEASURE, name, "fail", f"{found} ({where})", "unset PYTHONPATH, or remove that file")


def checks():
    """Every tool, library and Python module, present or not."""
    return [*(_tool(*entry) for entry in TOOLS), *_header_checks(), *_module_checks()]
