"""One history in memory: the same from both engines, and the same run as in a folder."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from support.sampling import sampled
from support.tiny import FROZEN

import sim
from sim.economy.parameters import REGIMES
from sim.engine import history as history_module
from sim.engine import pytrees
from sim.engine.history import history, warm
from sim.errors import AccountingError, RunError
from sim.experiments.run import run_of
from sim.report.figures import FIGURES
from sim.runs.run import TABLES
from sim.scenario.levers import keys
from sim.scenario.load import load

QUARTERS = 28
"""One length for all that is compiled, that of the baseline: it is the program that `capflow serve` uses."""
TURNED = {"terminal_rate": 0.06, "reach_into_reserve": 0.1, "investor_appetite": 0.5, "tether_regime": "genius"}
NAMES = {
    "agents": ["quarter", "population", "agent", "measure"],
    "flows": ["quarter", "flow", "payer", "payee"],
    "exposures": ["quarter", "instrument", "holder", "issuer"],
}


def scenario(quarters=QUARTERS, changes=None):
    return load(FROZEN, {**keys(changes or {}), "run.quarters": quarters})


@pytest.fixture(scope="module")
def both():
    """Whole histories of three scenarios in NumPy and compiled, which is done once."""
    pytest.importorskip("jax")
    storm = load("perfect-storm", {"run.quarters": QUARTERS})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "_ready", {})
        assert history(scenario(), 1).engine == "numpy", "nothing is compiled before it is asked for"
        warm(scenario())
        pairs = [(scenario(), 3), (scenario(changes=TURNED), 4), (storm, 5)]
        yield [(history(given, seed, "numpy"), history(given, seed)) for given, seed in pairs]


def same_numbers(ours, theirs):
    for mine, other in zip(pytrees.leaves(ours), pytrees.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(other), np.asarray(mine), rtol=1e-9, atol=1e-12)


def in_dollars(economy):
    """The economy with its payments by origin in USD bn: shares of a payment of nothing are not defined."""
    flows = economy.books.journal.flows
    paid = {kind: replace(flow, origins=flow.amount[:, :, None] * flow.origins) for kind, flow in flows.items()}
    return replace(economy, books=replace(economy.books, journal=replace(economy.books.journal, flows=paid)))


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1, 2])
def test_engines_agree_on_every_number_of_every_economy(both, which):
    """Every balance, every flow, every agent's measures and every series of every quarter, to 1e-9 of its size."""
    plain, fast = both[which]
    assert (plain.engine, fast.engine) == ("numpy", "jax")
    assert plain.labels == fast.labels
    assert (len(plain.labels), plain.labels[0], plain.labels[-1]) == (QUARTERS + 1, "2023Q4", "2030Q4")
    for ours, theirs in zip(plain.economies, fast.economies, strict=True):
        same_numbers(in_dollars(ours), in_dollars(theirs))
        # Tables are in the order of the payments: so must be the journal.
        assert list(ours.books.journal.flows) == list(theirs.books.journal.flows)
        for name, held in ours.books.positions.items():
            assert list(held) == list(theirs.books.positions[name])
    same_numbers((plain.closes.series, plain.closes.agents), (fast.closes.series, fast.closes.agents))
    assert plain.checks.keys() == fast.checks.keys()
    assert max(plain.checks.values()) < 1e-9
    assert max(fast.checks.values()) < 1e-9
    for ours, theirs in zip(plain.happenings, fast.happenings, strict=True):
        assert [event["text"] for event in ours] == [event["text"] for event in theirs]


@pytest.mark.slow
def test_rules_and_draws_are_data_not_code(both):
    """Other levers, seeds and events take the same program, and make a difference."""
    assert len(history_module._ready) == 1
    first, second, _ = (REGIMES[fast.economies[-1].tokens.regime[0].argmax()] for _, fast in both)
    assert (first, second) == ("offshore", "genius")
    assert len({float(fast.closes.series["tokens_usd_bn"][-1]) for _, fast in both}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1])
def test_engines_give_the_same_run(both, which):
    plain, fast = (run_of(found) for found in both[which])
    pd.testing.assert_frame_equal(plain.series, fast.series, rtol=1e-9, atol=1e-12)
    for table, names in NAMES.items():
        ours, theirs = (getattr(run, table).set_index(names) for run in (plain, fast))
        assert not ours.index.duplicated().any()
        # What is nothing but rounding may be in one and not in the other.
        ours, theirs = ours.align(theirs, fill_value=0.0)
        np.testing.assert_allclose(theirs.to_numpy(), ours.to_numpy(), rtol=1e-9, atol=1e-12)
    assert plain.manifest["outcomes"] == pytest.approx(fast.manifest["outcomes"], rel=1e-9, abs=1e-12)
    told = {key: value for key, value in plain.manifest.items() if key not in ("checks", "outcomes")}
    assert told == {key: fast.manifest[key] for key in told}


@pytest.mark.slow
def test_threads_get_what_one_alone_gets(both):
    given = scenario()

    def outcomes(seed):
        return run_of(history(given, seed)).manifest["outcomes"]

    alone = [outcomes(seed) for seed in range(4)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(outcomes, [*range(4)] * 4))
    assert together == alone * 4
    assert len({str(one) for one in alone}) == 4


@pytest.mark.slow
def test_books_that_are_wrong_are_refused_in_the_compiled_engine_too(both, monkeypatch):
    (shapes, program), *_ = history_module._ready.items()

    def broken(start):
        closes = program(start)
        path = np.full(QUARTERS, 1e-12)
        path[1] = np.nan
        return replace(closes, residuals={**closes.residuals, "stock_flow": path})

    monkeypatch.setitem(history_module._ready, shapes, broken)
    with pytest.raises(AccountingError, match=r"2024Q2: identity stock_flow is violated.*nan"):
        history(scenario(), 1)


@pytest.mark.slow
def test_other_agents_or_quarters_run_in_numpy_until_they_are_compiled(both):
    assert history(scenario(1), 1).engine == "numpy"
    assert history(scenario(changes={"tail.labs": 1}), 1).engine == "numpy"


@pytest.mark.slow
def test_replaced_decisions_run_in_numpy(both):
    given = load(FROZEN, {"run.quarters": 2, "decisions.redeployment": "examples.all_in_gold:choose"})
    found = history(given, 1)
    assert found.engine == "numpy"
    assert "decisions.redeployment" in run_of(found).manifest["changes"]
    for refused in (lambda: history(given, 1, "jax"), lambda: warm(given)):
        with pytest.raises(sim.ScenarioError, match=r"replaces decisions \(redeployment\)") as caught:
            refused()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("seed", "engine"), [(2**63, "numpy"), (1, "fortran")])
def test_mistakes_are_told(seed, engine):
    with pytest.raises(sim.ScenarioError):
        history(scenario(), seed, engine)


# The run in memory


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """The same history as a folder and in memory, long enough for failures and workouts."""
    changes = keys({"investor_appetite": 0.0, "status_weight": 1.0}) | {"entry.entry": 0.0}
    given = load(FROZEN, {**changes, "run.quarters": 12, "run.seed": 5})
    folder = sim.run(given, seed=5, out=tmp_path_factory.mktemp("runs") / "run", figures=False)
    return folder, run_of(history(given, 5, "numpy"))


@pytest.mark.parametrize("table", TABLES)
def test_tables_in_memory_are_those_of_the_folder(twins, table):
    folder, memory = (getattr(run, table) for run in twins)
    assert len(folder)
    pd.testing.assert_frame_equal(memory, folder, check_exact=True)


def test_events_and_manifest_in_memory_are_those_of_the_folder(twins):
    folder, memory = twins
    assert memory.events == folder.events
    assert len(folder.events)
    told = {key: value for key, value in folder.manifest.items() if key not in ("created", "timing")}
    assert memory.manifest == told
    assert {"funding.investor_appetite", "run.seed"} <= set(told["changes"])


def test_a_run_in_memory_is_asked_in_sql_and_has_no_folder(twins):
    folder, memory = twins
    asked = "select flow, sum(usd_bn) as usd_bn from flows group by flow order by flow"
    pd.testing.assert_frame_equal(memory.query(asked), folder.query(asked))
    with pytest.raises(RunError, match="query: "):
        memory.query("select * from read_csv('/etc/passwd')")
    with pytest.raises(RunError, match="in memory has no folder"):
        _ = memory.path


@pytest.mark.parametrize("name", sampled(FIGURES, ["interest_flow"]))
def test_figures_are_drawn_from_memory_as_from_the_folder(twins, name):
    folder, memory = ([text.get_text() for text in FIGURES[name](run).findobj(Text)] for run in twins)
    assert memory == folder
    assert any(folder)


def test_nothing_is_compiled_or_imported_for_numpy():
    code = (
        "import sys; from sim.engine.history import history; from sim.experiments.run import run_of\n"
        "from sim.scenario.load import load\n"
        "run_of(history(load('baseline', {'run.quarters': 1}), 1)); sys.exit('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Trees


def test_trees_keep_the_order_of_what_was_put_in():
    tree = {"b": (np.array([1.0, 2.0]), np.float64(3.0)), "a": {"z": np.ones((2, 2)), "empty": {}}}
    pack = pytrees.packed(tree)
    assert pack.tolist() == [1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0]
    again = pytrees.like(tree, pytrees.unpacked(pack, [np.shape(leaf) for leaf in pytrees.leaves(tree)]))
    assert list(again) == ["b", "a"]
    assert again["a"]["empty"] == {}
    same_numbers(tree, again)
    for ours, theirs in zip((tree, again), pytrees.unstacked(pytrees.stacked([tree, again])), strict=True):
        same_numbers(ours, theirs)
    with pytest.raises(ValueError, match="Too few"):
        pytrees.like(tree, [1.0])
    with pytest.raises(ValueError, match="Too many"):
        pytrees.like({"a": 1.0}, [1.0, 2.0])
