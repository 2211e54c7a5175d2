# SPDX-License-Identifier: MIT
"""Schemes of other projects: marked everywhere, and per class of contract the fastest row with its ratio. No peer has to be built."""
import json

import made_runs
import made_up_path
import numpy
import pytest
from getputlib import advice, contract, peers, report, style
from getputlib.results import Results

# name: (folder, ns, what SchemeInfo says beside the defaults)
SCHEMES = {
    "plain": ("control", 0.5, {"control": True}),
    "epoch": ("grace", 1.0, {"put_on_other_thread": False, "zero": "grace_period"}),
    "thread_split": ("distributed", 2.0, {"zero": "remover_sum"}),
    "sticky": ("counter", 9.0, {"zero": "last_put"}),
    "dpdk_qsbr": ("peers", 0.6, {"put_on_other_thread": False, "zero": "grace_period"}),
    "tbb_ets": ("peers", 8.0, {"zero": "remover_sum"}),
    "boost_ref_counter": ("peers", 9.1, {"zero": "last_put"}),
}


def scheme(name):
    folder, _, says = SCHEMES[name]
    return {"name": name, "folder": folder, "control": False, "safe": True, "removal": True, "available": True, "why": None,
            "put_on_other_thread": True, "zero": "last_put", "summary": "made up", "origin": "nowhere", **says}


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """run(names, **keywords): a run of these schemes with their whole SchemeInfo."""
    def make(names=tuple(SCHEMES), n=8):
        chance = numpy.random.default_rng(1)
        lines = [line for name in names for line in made_runs.pairs(chance, name, SCHEMES[name][1], spread=0.01, n=n)]
        folder = made_runs.write(tmp_path / "run", lines, control=("plain",))
        plan = json.loads((folder / "plan.json").read_text())
        plan["run"]["schemes"] = [scheme(name) for name in sorted(names)]
        (folder / "plan.json").write_text(json.dumps(plan))
        (folder / "env.json").write_text(json.dumps(made_up_path.environment()))
        return Results.load(folder)
    yield make
    style.tell_apart([])


def test_every_scheme_is_in_one_class_and_controls_in_none():
    classes = {name: contract.class_of(scheme(name)) for name in SCHEMES}
    assert classes == {"plain": None, "epoch": contract.GUARD, "dpdk_qsbr": contract.GUARD, "thread_split": contract.TRANSFERABLE,
                       "tbb_ets": contract.TRANSFERABLE, "sticky": contract.EXACT_ZERO, "boost_ref_counter": contract.EXACT_ZERO}
    assert contract.class_of({**scheme("epoch"), "safe": False}) is None


def test_a_faster_peer_is_named_with_its_ratio(run):
    found = peers.places(run(), contract.GUARD, 1)
    assert [place.scheme for place in found] == ["dpdk_qsbr", "epoch"]
    assert found[0].ratio == pytest.approx(0.6, rel=0.03) and found[0].bounds[1] < 0.7 and found[1].ratio is None
    assert [place.scheme for place in peers.faster_peers(found)] == ["dpdk_qsbr"]
    assert "fastest row is dpdk_qsbr" in peers.sentence(found, 1) and "times as long as the fastest own scheme, epoch" in peers.sentence(found, 1)


def test_a_slower_peer_and_one_that_is_close_are_no_faster_peers(run):
    results = run()
    for kind in (contract.TRANSFERABLE, contract.EXACT_ZERO):
        found = peers.places(results, kind, 1)
        assert not found[0].peer and found[1].peer and not peers.faster_peers(found)
    assert peers.places(results, contract.TRANSFERABLE, 1)[1].ratio == pytest.approx(4.0, rel=0.03)


def test_a_few_processes_give_a_ratio_without_an_interval(run):
    place = next(one for one in peers.places(run(n=3), contract.TRANSFERABLE, 1) if one.peer)
    assert place.bounds is None and place.ratio == pytest.approx(4.0, rel=0.05)


def test_the_report_marks_peers_and_says_what_is_fastest(run):
    results = run()
    drawn = {"table.tex": ""}
    style.tell_apart(results.schemes, [name for name, one in results.schemes.items() if contract.is_peer(one)])
    assert style.scheme("tbb_ets").label == "tbb_ets (peer)" and style.scheme("sticky").label == "sticky"
    page = report.render(results, [], [], drawn)
    assert 'id="peers"' in page and "fastest row is dpdk_qsbr (peer)" in page and "<td>peer</td>" in page
    assert peers.NO_PEERS not in page


def test_a_run_without_peers_says_so_and_still_ranks(run):
    table = peers.table(run(("plain", "epoch", "sticky")))
    assert table["missing"] == peers.NO_PEERS and [one["kind"] for one in table["classes"]] == [contract.GUARD, contract.EXACT_ZERO]
    assert "no peer of this class was measured" in table["classes"][0]["parts"][0]["shows"]


def test_a_peer_is_never_advised(run):
    left, out = advice.candidates(run())
    assert not any(map(contract.is_peer, left))
    assert "dpdk_qsbr" in next(names for reason, names in out.items() if "another project" in reason)


def test_list_names_peers():
    entry = {**scheme("tbb_ets"), **{column.key: "wait_free" for column in contract.COLUMNS if column.key.endswith("progress")}}
    assert any(line.startswith("  tbb_ets (peer): ") for line in contract.text_lines([entry]))
