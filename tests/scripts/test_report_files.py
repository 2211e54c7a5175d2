# SPDX-License-Identifier: MIT
"""What the report writes and where: never through a symbolic link, one page alone with -o, tables without bare numbers."""
import base64
import os
import re
import stat
import subprocess
import tempfile
from pathlib import Path

import made_up_path
import pytest
from conftest import GETPUT, page
from getputlib import fresh, latex
from getputlib.errors import GetputError
from getputlib.results import Results


@pytest.fixture(name="run")
def fixture_run(driver):
    return made_up_path.write(driver.folder / "out", chosen=("none", "plain", "atomic_base", "unload_lock"), unsafe=True)


def test_symbolic_links_are_replaced_not_followed(driver, run):
    victims = [driver.folder / name for name in ("victim", "victim2", "victim3")]
    for victim in victims:
        victim.write_text("precious")
    (run / "figures").mkdir()
    (run / "figures" / "pair_cost.svg").symlink_to(victims[0])
    (run / "report.html.partial").symlink_to(victims[1])
    (run / "report.html").symlink_to(victims[2])
    driver("report", "out")
    assert [victim.read_text() for victim in victims] == ["precious"] * 3
    assert (run / "report.html").is_file() and not (run / "report.html").is_symlink() and "<svg" in page(driver)


def test_a_linked_folder_is_refused(driver, run):
    (driver.folder / "elsewhere").mkdir()
    (run / "figures").symlink_to(driver.folder / "elsewhere")
    assert "symbolic link" in driver("report", "out", code=3)[1]
    assert not list((driver.folder / "elsewhere").iterdir())


def test_one_page_alone_for_a_run_that_is_not_written(driver, run):
    before = sorted(path.name for path in run.iterdir())
    out, _ = driver("report", "out", "-o", "page.html")
    assert out.strip() == "page.html" and "<svg" in (driver.folder / "page.html").read_text()
    assert sorted(path.name for path in run.iterdir()) == before


@pytest.fixture(name="public")
def fixture_public():
    """A folder that another user can reach and write to; those of pytest are private."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user wants root")
def test_a_read_only_run_is_one_line_with_the_remedy(public):
    run = made_up_path.write(public / "out", chosen=("none", "plain", "atomic_base"), workers=(1,))
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", str(GETPUT), "report", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3 and len(done.stderr.strip().splitlines()) == 1 and "-o FILE" in done.stderr
    done = subprocess.run([*command, "-o", str(public / "page.html")], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and (public / "page.html").exists(), done.stderr


def test_an_unwritable_target_is_one_line(driver, run):
    err = driver("report", "out", "-o", "no/such/folder/page.html", code=3)[1]
    assert "no/such/folder/page.html" in err and "Traceback" not in err and len(err.strip().splitlines()) == 1


def test_a_file_is_written_with_the_usual_mode_and_leaves_nothing_behind(tmp_path):
    fresh.write(tmp_path / "a", "text")
    (tmp_path / "usual").touch()
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)
    (tmp_path / "usual").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["a"] and (tmp_path / "a").read_text() == "text"
    (tmp_path / "folder").mkdir()
    with pytest.raises(GetputError):
        fresh.write(tmp_path / "folder", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]


def test_the_page_carries_its_downloads(driver, run):
    driver("report", "out")
    found = dict(re.findall(r'<a download="([^"]+)" href="data:[^;]+;base64,([^"]+)"', page(driver)))
    assert set(found) == {"headline.csv", "table.tex", "netpath_ranking.svg"}
    for name, text in found.items():
        path = run / "figures" / name if name.endswith("svg") else run / name
        assert base64.b64decode(text) == path.read_bytes()


def test_damage_is_one_line_with_file_and_line(driver, run):
    lines = (run / "trials.jsonl").read_text().splitlines()
    lines[4] = re.sub(r'"ns_per_op": [0-9.]+', '"ns_per_op": "1"', lines[4])
    (run / "trials.jsonl").write_text("\n".join(lines) + "\n")
    err = driver("report", "out", code=1)[1]
    assert "trials.jsonl:5" in err and "Traceback" not in err and len(err.strip().splitlines()) == 1


def test_the_table_of_a_paper_has_no_bare_number(run):
    """Every measured value carries its interval and n, for one and for two workers."""
    text = latex.table(Results.load(run))
    headline = [line for line in text.splitlines() if line.startswith("atomic")][0].split(" & ")
    assert "1 worker, ns (1.00 pairs) & 2 workers, ns (1.00 pairs)" in text and "2 workers, ns (5.00 pairs)" in text
    for cell in headline[2:4]:
        assert re.fullmatch(r"[\d.]+ \[[\d.]+, [\d.]+\] n=8", cell), cell
    pairs = [line for line in text.splitlines() if line.startswith("atomic")][2].split(" & ")
    for cell in pairs[1:5]:
        assert re.search(r"\] n=8$", cell), cell
    assert "in\\_module" not in text


def test_the_table_prints_unresolved_values_as_such(driver):
    run = made_up_path.write(driver.folder / "out", chosen=("none", "thread_split"), added={"thread_split": 3.0})
    line = next(line for line in latex.table(Results.load(run)).splitlines() if line.startswith("thread"))
    assert line.count("0 within resolution") == 2


def test_latex_escapes_what_it_would_interpret():
    assert latex.escape("a<b>|c_{%}") == r"a\textless{}b\textgreater{}\textbar{}c\_\{\%\}"
