# SPDX-License-Identifier: MIT
"""Reference runs: packed, read like any other run, and what README.md and docs/figures show follows from the one committed."""
import json
import lzma

import made_up_path
import pytest
from getputlib import headline, readme, reference, validate
from getputlib.errors import REPOSITORY, GetputError
from getputlib.results import Results

TEXT = f"# getput\nbefore\n{readme.BEGIN}\nold numbers\n{readme.END}\nafter\n"


@pytest.fixture(name="tree")
def fixture_tree(tmp_path, monkeypatch):
    """A small repository with a README, and a run beside it."""
    repository = tmp_path / "repository"
    (repository / "docs" / "figures").mkdir(parents=True)
    (repository / "reports" / "reference").mkdir(parents=True)
    (repository / "README.md").write_text(TEXT)
    monkeypatch.setattr(readme, "REPOSITORY", repository)
    monkeypatch.setattr(reference, "REPORTS", repository / "reports")
    monkeypatch.setattr(reference, "FOLDER", repository / "reports" / "reference")
    made_up_path.write(tmp_path / "run", chosen=("none", "plain", "atomic_base", "unload_lock", "percpu_ref"))
    return repository


def run(*arguments):
    from getputlib.commands import make_parser

    parsed = make_parser().parse_args(["readme", *map(str, arguments)])
    return readme.command(parsed)


def test_a_packed_run_reads_as_the_run_itself(tree, tmp_path):
    packed = reference.pack(tmp_path / "run", "made-up")
    assert headline.table(Results.load(packed)) == headline.table(Results.load(tmp_path / "run"))
    assert not (packed / "trials.jsonl").exists() and (packed / "trials.jsonl.xz").exists()


def test_a_packed_run_is_valid_and_a_changed_one_is_not(tree, tmp_path):
    packed = reference.pack(tmp_path / "run", "made-up")
    assert list(validate.directory_problems(packed)) == []
    lines = lzma.decompress((packed / "trials.jsonl.xz").read_bytes()).splitlines(keepends=True)
    (packed / "trials.jsonl.xz").write_bytes(lzma.compress(b"".join(lines[:-1])))
    assert any("kept" in problem for problem in validate.directory_problems(packed))


def test_slices_are_left_out(tree, tmp_path, measured):
    packed = reference.pack(measured.folder / "out", "made-up")
    text = lzma.decompress((packed / "trials.jsonl.xz").read_bytes()).decode()
    assert '"slices":null' in text and '"slices":{' not in text
    assert headline.table(Results.load(packed)) == headline.table(Results.load(measured.folder / "out"))


def test_a_packed_run_names_files_without_their_folders(tree, measured):
    packed = reference.pack(measured.folder / "out", "made-up")
    environment = json.loads((packed / "env.json").read_text(encoding="utf-8"))
    assert environment["binary"]["path"] and "/" not in environment["binary"]["path"]
    assert all("/" not in plugin["path"] for plugin in environment["plugins"])


def test_a_damaged_reference_is_one_error(tree, tmp_path):
    packed = reference.pack(tmp_path / "run", "made-up")
    content = (packed / "trials.jsonl.xz").read_bytes()
    (packed / "trials.jsonl.xz").write_bytes(content[:len(content) // 2])
    with pytest.raises(GetputError, match="trials.jsonl.xz cannot be read"):
        Results.load(packed)


def test_one_command_updates_readme_and_figures(tree, tmp_path):
    assert run(tmp_path / "run", "--pack", "made-up", "--write") == 0
    text = (tree / "README.md").read_text()
    assert text.startswith("# getput\nbefore\n") and text.endswith(f"{readme.END}\nafter\n") and "old numbers" not in text
    assert "| `unload_lock` | 2.4 | 107 [" in text and "reports/reference/made-up" in text and "n=8 per number" in text
    for key in readme.FIGURES:
        assert (tree / "docs" / "figures" / f"{key}.svg").read_text().startswith("<?xml")
    assert run("--check") == 0


@pytest.mark.parametrize("path, old, new", [
    ("README.md", "107 [", "97 ["), ("docs/figures/netpath_ranking.svg", "svg", "gvs"), ("docs/figures/lineage.svg", "", ""),
])
def test_what_does_not_follow_from_the_run_is_found(tree, tmp_path, path, old, new, capsys):
    run(tmp_path / "run", "--pack", "made-up", "--write")
    file = tree / path
    if old:
        file.write_text(file.read_text().replace(old, new, 1))
    else:
        file.unlink()
    assert run("--check") == 1
    assert capsys.readouterr().out.strip().splitlines()[-1] == path


def test_another_run_is_noticed(tree, tmp_path):
    run(tmp_path / "run", "--pack", "made-up", "--write")
    made_up_path.write(tmp_path / "run", chosen=("none", "plain", "atomic_base", "unload_lock", "percpu_ref"), added={"unload_lock": 300.0})
    assert run(tmp_path / "run", "--pack", "made-up", "--check") == 1


def test_bad_requests_name_the_remedy(tree, tmp_path):
    with pytest.raises(GetputError, match="it holds none"):
        run("--check")
    with pytest.raises(GetputError, match="--pack NAME makes it one"):
        run(tmp_path / "run", "--write")
    with pytest.raises(GetputError, match="a name of lower-case letters"):
        run(tmp_path / "run", "--pack", "../x", "--write")
    (tree / "README.md").write_text("no markers")
    with pytest.raises(GetputError, match="README.md lacks the line"):
        run(tmp_path / "run", "--pack", "made-up", "--check")


def test_readme_has_both_markers():
    text = (REPOSITORY / "README.md").read_text()
    assert text.count(readme.BEGIN) == text.count(readme.END) == 1 and text.index(readme.BEGIN) < text.index(readme.END)


@pytest.mark.skipif(not list(reference.FOLDER.glob("*/plan.json")), reason="no reference run is committed")
def test_readme_follows_from_the_committed_run():
    assert readme.stale(readme.wanted(Results.load(reference.only()))) == []
