"""Many histories at once: the same numbers from every engine, and no compiling between points."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.decisions import untraceable
from support.sweeps import RUNS, content, done, log, write_design
from support.tiny import FROZEN, TINY, WORLDS

import sim
from sim.engine import jax_batch
from sim.engine.batch import behaviour, in_numpy, start
from sim.engine.decisions import Behaviour
from sim.engine.outcomes import OUTCOMES, outcomes_of
from sim.scenario import levers
from sim.scenario.load import changed, load, names

QUARTERS = 12
"""One length for all of the tiny scenario, so that its program is compiled once."""
WHOLE = 28
SCENARIOS = sorted(names())


def both_engines(scenarios):
    """Scenarios of one form with two seeds each, in NumPy and in one batch in JAX."""
    starts = [start(scenario, seed) for scenario in scenarios for seed in (3, 4)]
    parameters = behaviour(scenarios[0])
    return in_numpy(starts, parameters), jax_batch.in_jax(starts, parameters)


@pytest.fixture(scope="module")
def both():
    """The tiny scenario, and the same with a run and with failures."""
    return both_engines([load(TINY, {"run.quarters": QUARTERS, **changes}) for changes in WORLDS])


@pytest.fixture(scope="module")
def shipped():
    """Every scenario that ships, over its whole length."""
    return both_engines([load(name, {"run.quarters": WHOLE}) for name in SCENARIOS])


def agree(plain, fast, runs):
    """Series are equal to 1e-9 of the size of each number, in every quarter; the largest difference counts."""
    for run in runs:
        assert plain.problems[run] is None
        assert fast.problems[run] is None
        np.testing.assert_allclose(fast.paths[run], plain.paths[run], rtol=1e-9, atol=1e-12)
        assert fast.residuals[run].max() < 1e-9
    assert plain.names == fast.names
    assert plain.identities == fast.identities


def test_engines_agree_on_every_series_of_the_tiny_scenario(both):
    agree(*both, range(2 * len(WORLDS)))
    closed = both[0].paths
    assert len({path.tobytes() for path in closed}) == 2 * len(WORLDS), "worlds and seeds differ"


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_engines_agree_on_every_series_in_every_scenario(shipped, name):
    agree(*shipped, (2 * SCENARIOS.index(name), 2 * SCENARIOS.index(name) + 1))


def test_points_seeds_and_scenarios_compile_nothing_anew(both):
    """Parameters, draws and balances are data: a hundred other starts leave the program as it was."""
    program = jax_batch._program((), False, False)
    before = program._cache_size()
    base = load(TINY, {"run.quarters": QUARTERS})
    rng = np.random.default_rng(0)
    starts = []
    for seed in range(100):
        turned = {}
        for lever in rng.choice(levers.LEVERS, 3, replace=False):
            low, high = levers.quantity(base, lever).range
            turned[lever.key] = float(rng.uniform(low, high))
        starts.append(start(changed(base, turned), seed))
    found = jax_batch.in_jax(starts, behaviour(base))
    assert program._cache_size() == before
    assert found.paths.shape[0] == 100
    assert len({path.tobytes() for path in found.paths}) == 100


def test_the_dataset_is_the_histories_of_single_runs(both):
    data = sim.ensemble(TINY, runs=3, seed=7, engine="jax")
    assert data.sizes == {
        "run": 3,
        "quarter": QUARTERS + 1,
        "measure": len(both[0].names),
        "outcome": len(OUTCOMES),
        "identity": 9,
    }
    assert list(data.seed.values) == [7, 8, 9]
    assert data.quarter.values[0] == "2023Q4"
    model = sim.CapitalFlowModel(TINY, rng=8)
    single = outcomes_of(model)
    for name, number in single.items():
        assert float(data.outcomes.sel(run=1, outcome=name)) == pytest.approx(number, rel=1e-9, abs=1e-12)
    for name, number in model.series.items():
        last = float(data.series.sel(run=1, measure=name).isel(quarter=-1))
        assert last == pytest.approx(number, rel=1e-9, abs=1e-12)
    assert float(data.residuals.max()) < 1e-9


def test_a_history_is_the_same_alone_and_in_company(both):
    """A half-empty batch repeats its last history; that, and the place in a batch, must change nothing."""
    base = load(TINY, {"run.quarters": QUARTERS})
    starts = [start(base, seed) for seed in range(70)]
    parameters = behaviour(base)
    many, one = jax_batch.in_jax(starts, parameters), jax_batch.in_jax(starts[66:67], parameters)
    np.testing.assert_allclose(many.paths[66], one.paths[0], rtol=1e-12, atol=1e-14)


@pytest.mark.slow
def test_a_compiled_sweep_writes_the_same_bytes_in_one_and_two_processes(shipped, tmp_path):
    """In this process, which has the program, and in two of the command line, which find it on disk."""
    text = write_design(tmp_path / "rates.toml", keep="['series']", chunk=8).read_text()
    design = tmp_path / "compiled.toml"
    design.write_text(text.replace('"numpy"', '"jax"').replace("quarters = 2", f"quarters = {WHOLE}"))
    done("sweep", design, "--no-report", "--out", "two", "--workers", 2, cwd=tmp_path)
    one = sim.sweep(design, tmp_path / "one", workers=1)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert one.manifest["runs"] == RUNS
    assert len({line["worker"] for line in log(tmp_path / "two", "done")}) == 2


def test_numpy_engine_gives_what_the_mesa_model_gives():
    data = sim.ensemble("baseline", runs=2, quarters=3, engine="numpy")
    for run, seed in enumerate(data.seed.values):
        single = outcomes_of(sim.CapitalFlowModel({"run.quarters": 3, "run.seed": int(seed)}, rng=int(seed)))
        np.testing.assert_allclose(data.outcomes.values[run], list(single.values()), rtol=1e-12)


def test_changes_and_synthetic_agents_reach_every_history():
    changes = {"tail.labs": 3, "payout_ratio": 1.0}
    data = sim.ensemble("baseline", runs=2, quarters=2, engine="numpy", changes=changes)
    plain = sim.ensemble("baseline", runs=2, quarters=2, engine="numpy")
    assert float(data.series.sel(measure="labs_alive").min()) == 8.0
    sums = [float(d.outcomes.sel(outcome="dividends_usd_bn").sum()) for d in (data, plain)]
    assert sums[0] > sums[1]
    single = outcomes_of(sim.CapitalFlowModel({"run.quarters": 2, "run.seed": 2, **changes}, rng=2))
    assert float(data.outcomes.sel(run=1, outcome="lab_revenue_usd_bn")) == single["lab_revenue_usd_bn"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"runs": 0}, "at least 1 history"),
        ({"engine": "fortran"}, "allowed: auto, jax, numpy"),
        ({"seed": 2**63 - 5}, "would be above"),
        ({"changes": {"no_such_lever": 1.0}}, "no such lever"),
        ({"decisions": {"payout": "no_such_module:f"}}, "there is no module"),
    ],
)
def test_mistakes_are_told_in_one_line(given, said):
    with pytest.raises(sim.ScenarioError, match=said) as caught:
        sim.ensemble("baseline", **{"quarters": 2, **given})
    assert "\n" not in str(caught.value)


WITHOUT_JAX = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "jax" or name.startswith("jax."):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
from importlib import util
real = util.find_spec
util.find_spec = lambda name, package=None: None if name == "jax" else real(name, package)
import sim
print(sim.ensemble("baseline", runs=32, quarters=1).outcomes.shape)
"""


def test_without_jax_it_says_so_and_runs_in_numpy():
    done = subprocess.run([sys.executable, "-c", WITHOUT_JAX], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"(32, {len(OUTCOMES)})", done.stderr
    assert done.stderr.strip().splitlines() == [
        "capflow: JAX is not installed; running in NumPy, one history at a time (slower)"
    ]


def not_a_share(economy, parameters):
    return 1.5 + 0.0 * economy.income.realised_profit


def test_a_decision_that_cannot_be_compiled_says_so():
    base = load(FROZEN, {"run.quarters": 2})
    parameters = behaviour(base, {"payout": untraceable})
    with pytest.raises(sim.ScenarioError, match=r"decisions.payout cannot be compiled .* in NumPy") as caught:
        jax_batch.in_jax([start(base, 1)], parameters)
    assert "\n" not in str(caught.value)


def test_the_example_behaviours_can_be_traced():
    """They give the same numbers compiled as they do in NumPy; the unchecked rules are what a compiler takes."""
    import jax

    from examples import all_in_gold, cautious_labs

    given = start(load(FROZEN), 1)
    parameters = behaviour(load(FROZEN), {"lab_spending": cautious_labs.spend, "redeployment": all_in_gold.choose})
    assert set(parameters.replaced()) == {"lab_spending", "redeployment"}
    for name in parameters.replaced():
        plain = parameters[name](given.economy, given.parameters)
        with jax.enable_x64(True):
            traced = jax.jit(parameters.unchecked()[name])(given.economy, given.parameters)
        np.testing.assert_allclose(np.asarray(traced), plain, rtol=1e-12)


def of_no_shape(economy, parameters):
    return 0.5 * parameters.redeployment.payout_ratio


def test_a_decision_of_the_wrong_shape_is_refused_when_compiled():
    base = load(FROZEN, {"run.quarters": 2})
    parameters = behaviour(base, {"payout": of_no_shape})
    with pytest.raises(sim.ScenarioError, match=r"decisions.payout: returned shape \(\); allowed: .*\(6 issuers\)"):
        jax_batch.in_jax([start(base, 1)], parameters)


@pytest.mark.slow
def test_a_decision_out_of_its_form_spoils_the_history_not_the_answer():
    base = load(FROZEN, {"run.quarters": 2})
    parameters = Behaviour(sim.CapitalFlowModel(base, rng=1).names, {"payout": not_a_share})
    for engine in (in_numpy, jax_batch.in_jax):
        found = engine([start(base, 1)], parameters)
        assert "payout" in found.problems[0]
        assert all(np.isnan(numbers).all() for numbers in found.outcomes().values())


def _in_another_process(code, **environment):
    """Run the code with `hits()`, how many programs were found on disk; what it prints."""
    listening = (
        "import jax\n"
        "seen = []\n"
        "jax.monitoring.register_event_listener(lambda name, **_: seen.append(name))\n"
        "hits = lambda: seen.count('/jax/compilation_cache/cache_hits')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", listening + code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, **environment},
    ).stdout.strip()


@pytest.mark.slow
def test_another_process_finds_the_program_on_disk(shipped):
    """The one that this process compiled, or found there itself."""
    code = f"import sim; sim.ensemble('baseline', runs=1, quarters={WHOLE}, engine='jax'); print(hits())"
    assert _in_another_process(code) == "1"


def test_programs_are_kept_where_one_says(tmp_path):
    code = (
        "from sim.engine.jax_cache import keep_programs\n"
        "keep_programs()\n"
        "jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)\n"
        "jax.jit(lambda x: 2.0 * x)(1.0)\n"
        "print(hits())"
    )
    assert [_in_another_process(code, CAPFLOW_CACHE=str(tmp_path)) for _ in range(2)] == ["0", "1"]
    assert any(tmp_path.iterdir())
