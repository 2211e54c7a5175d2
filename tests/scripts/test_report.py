# SPDX-License-Identifier: MIT
"""The report: complete, self-contained, reproducible, honest about what is missing, and right in a browser."""
import json
import re
import shutil
from xml.etree import ElementTree

import browser
import pytest
from conftest import page

FIGURES = ("netpath_ranking", "netpath_slope", "netpath_levels", "pair_cost", "pair_threads", "lineage", "removal", "topology")


@pytest.fixture(scope="module")
def reported(measured):
    measured("report", "out")
    return measured


def test_all_files_are_there(reported):
    folder = reported.folder / "out"
    for key in FIGURES:
        for kind, magic in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
            assert (folder / "figures" / f"{key}.{kind}").read_bytes().startswith(magic)
    assert (folder / "table.tex").read_text().count(r"\\") >= 12
    assert "scheme" in (folder / "summary.csv").read_text().partition("\n")[0].split(",")
    assert (folder / "headline.csv").read_text().startswith("scheme,level,level_name,era,shape,")


def test_the_page_needs_nothing_else(reported):
    text = page(reported)
    assert not re.search(r'(src|href)="(?!#|data:)', text) and "@import" not in text and "<script" not in text
    assert not re.search(r"url\((?!#)", text)


def test_ids_are_unique_and_references_resolve(reported):
    ids = re.findall(r'\bid="([^"]+)"', page(reported))
    assert len(ids) == len(set(ids))
    references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page(reported)))
    assert references <= set(ids)


def test_every_figure_has_its_sentence(reported):
    for key in FIGURES:
        caption = re.search(rf'data-figure="{key}".*?<figcaption>(.*?)</figcaption>', page(reported), re.S).group(1)
        assert len(caption) > 80
    assert "thread_split is the cheapest scheme that protects a module: 1." in page(reported)


def test_removals_are_told_in_numbers(reported):
    """What the drawing cannot show: how many, the slowest, and how many of the machine's barriers one takes."""
    rows = re.findall(r"<tr>(.*?)</tr>", page(reported).split('id="removal"')[1].split("</section>")[0], re.S)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    of = {row[0]: dict(zip(cells[0], row)) for row in cells[1:]}
    assert float(of["percpu_split"]["in membarriers"]) == 2.0
    assert of["percpu_split"]["slowest"] == "1.50 ms" and int(of["percpu_split"]["over 1 ms"]) % 2 == 0
    assert int(of["percpu_split"]["removals"].replace(",", "")) % 150 == 0


def test_a_scheme_without_a_style_has_one_of_its_own():
    from getputlib import style

    known = style.scheme("percpu_split")
    assert known.color == "#0072B2" and style.scheme("never_heard_of") == style.scheme("never_heard_of")
    sheet = json.loads((style.REPORTS / "style.json").read_text())
    looks = [(entry["color"], entry["marker"]) for entry in sheet["schemes"].values()]
    assert len(set(looks)) == len(looks) and len({color for color, _ in looks}) == len(looks)


@pytest.mark.parametrize("packages, nodes, cores, smt", [(1, 1, 4, 1), (2, 1, 8, 2), (2, 4, 16, 2)])
def test_large_machines_can_be_drawn(reported, tmp_path, packages, nodes, cores, smt):
    """Boxes must not leave the picture, whatever the machine."""
    import matplotlib

    from getputlib.figures import base, machine
    from getputlib.results import Results

    results = Results.load(reported.folder / "out")
    cpus = []
    for number in range(packages * nodes * cores * smt):
        core = number // smt
        node = core // cores
        cpus.append({"cpu": number, "package": node // nodes, "node": node, "llc": core // 4, "core": core, "llc_level": 3,
                     "llc_kib": 32768, "allowed": number % 3 != 2, "caches": []})
    results.env["machine"]["topology"]["cpus"] = cpus
    with matplotlib.rc_context(base.RC):
        figure = machine.topology(results)
        axes = figure.drawing.axes[0]
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        for patch in axes.patches:
            box = patch.get_bbox()
            assert left <= box.x0 <= box.x1 <= right and bottom <= box.y0 <= box.y1 <= top
        assert len(axes.texts) >= len(cpus)
        if len(cpus) > 200:
            figure.save(tmp_path, base.KINDS)


def test_labels_do_not_overlap():
    from getputlib.figures.base import spread_labels

    moved = spread_labels([0.5, 0.5, 0.51, 0.9], 0.05)
    ordered = sorted(moved)
    assert all(b - a >= 0.05 - 1e-9 for a, b in zip(ordered, ordered[1:]))
    assert moved[3] == 0.9 and spread_labels([], 0.1) == [] and spread_labels([0.3], 0.1) == [0.3]


def test_svg_files_are_well_formed(reported):
    for key in FIGURES:
        root = ElementTree.parse(reported.folder / "out" / "figures" / f"{key}.svg").getroot()
        assert root.tag.endswith("svg") and root.get("viewBox")


VISIBLE = """[...document.querySelectorAll('figure[data-figure]')].map(figure => {
  const svg = figure.querySelector('svg'), box = svg.getBoundingClientRect(), style = getComputedStyle(svg);
  return {key: figure.dataset.figure, width: box.width, height: box.height, shapes: svg.querySelectorAll('path').length,
          shown: style.display !== 'none' && style.visibility === 'visible' && +style.opacity > 0,
          left: box.left, right: box.right, page: document.documentElement.clientWidth};
})"""


@pytest.mark.skipif(browser.find() is None, reason="no Chromium installed (Debian package chromium)")
def test_the_page_in_a_browser(reported, tmp_path):
    """No complaint on the console, no request beside the page itself, every figure drawn and visible."""
    shutil.copy(reported.folder / "out" / "report.html", tmp_path / "moved.html")
    with browser.Browser() as chromium:
        chromium.open(f"file://{tmp_path / 'moved.html'}")
        figures = {figure["key"]: figure for figure in chromium.evaluate(VISIBLE)}
        assert set(figures) == set(FIGURES)
        for key, figure in figures.items():
            assert figure["shown"] and figure["width"] > 100 and figure["height"] > 50 and figure["shapes"] > 2, key
            assert figure["left"] >= 0 and figure["right"] <= figure["page"], f"{key} leaves the page"
        chromium.call("Emulation.setDeviceMetricsOverride", width=420, height=900, deviceScaleFactor=1, mobile=False)
        chromium.evaluate("document.body.insertAdjacentHTML('beforeend', `<ul><li><code>${'cell/'.repeat(60)}</code></li></ul>`), 1")
        page_width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert chromium.evaluate(page_width) == 0, "on a narrow screen something is wider than the page and does not scroll by itself"
        assert chromium.complaints() == []
        assert chromium.requests() == [f"file://{tmp_path / 'moved.html'}"]


@pytest.mark.skipif(browser.find() is None, reason="no Chromium installed (Debian package chromium)")
def test_the_browser_test_can_fail(tmp_path):
    broken = tmp_path / "broken.html"
    broken.write_text("<!DOCTYPE html><title>x</title><script>console.error('seen'); nothing_there();</script>")
    with browser.Browser() as chromium:
        chromium.open(f"file://{broken}")
        assert len(chromium.complaints()) >= 2
