"""Starts of a sweep are those that single histories have, to the last bit, however they are made."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.batch import in_numpy
from sim.engine.ensemble import starts
from sim.engine.pytrees import by_path
from sim.errors import ScenarioError
from sim.experiments.sweep import Plan, Problem
from sim.experiments.sweep.variants import Cache, Variants
from sim.scenario import levers
from sim.scenario.load import changed, load

BASELINE = load("baseline")
TRAITS = [
    "issuers.tether.ambition",
    "issuers.circle.transparency",
    "labs.openai.planning_horizon",
    "regimes.mica.deposit_share",
    "channels.gold.risk",
    "labs_market.market_potential",
    "labs_market.irreducible_loss",
    "gpus.other_demand",
    "investors.softbank.budget",
]
SLOW = [
    "market.bill_rate",
    "market.rent",
    "gpus.useful_life",
    "issuers.tether.own.cash",
    "channels.gold.propensity",
    "issuers.tether.repo_share",
    "labs_market.compute_share",
]


def planned(tmp_path, vary, method="random", **more):
    told = {"title": "A test", "method": method, "quarters": 2, "engine": "numpy", **more}
    if method != "grid":
        told.setdefault("samples", 6)
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    for key, how in vary.items():
        lines += [f"[vary.{json.dumps(key)}]", *(f"{name} = {json.dumps(value)}" for name, value in how.items())]
    path = tmp_path / "test.toml"
    path.write_text("\n".join(lines), encoding="utf8")
    return Plan.make(path)


def assert_same(one, other):
    first, second = by_path(one), by_path(other)
    assert first.keys() == second.keys()
    for path, leaf in first.items():
        assert type(leaf) is type(second[path]), path
        assert np.shape(leaf) == np.shape(second[path]), path
        assert np.asarray(leaf).dtype == np.asarray(second[path]).dtype, path
        assert np.asarray(leaf).tobytes() == np.asarray(second[path]).tobytes(), path


def single(plan, point, seed, base=BASELINE):
    """The start of a single history of a point, as an ensemble has it."""
    values = {axis.key: value for axis, value in zip(plan.axes, plan.point(point), strict=True)}
    scenario = changed(base, {**values, "run.quarters": plan.design["quarters"]})
    return next(iter(starts(scenario, [seed])))


def all_starts(plan):
    for chunk in range(plan.chunks):
        rows = plan.rows(chunk)
        yield from zip(rows["point"], rows["seed"], plan.starts(chunk), strict=True)


def bounds(key):
    """A range within which an opening stays possible."""
    place = BASELINE
    for part in key.split("."):
        place = place[part] if isinstance(place, dict) else getattr(place, part)
    low, high = place.range or (0.0, 2.0 * place.value)
    return {"low": max(low, place.value - 0.1 * (place.value - low)), "high": min(high, place.value * 1.1 + 1e-3)}


@given(st.lists(st.sampled_from([*levers.LEVERS]), min_size=1, max_size=6, unique=True), st.integers(0, 2**32))
@settings(max_examples=8)
def test_any_levers_over_their_whole_range(tmp_path_factory, chosen, seed):
    vary = {lever.name: {} for lever in chosen}
    plan = planned(tmp_path_factory.mktemp("sweep"), vary, samples=3, replicates=2, design_seed=seed, seed=seed)
    assert len(plan.variants.places) == len(chosen)
    for point, run_seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(run_seed)))


def test_every_lever_that_is_a_number_needs_no_opening_of_its_own(tmp_path):
    plan = planned(tmp_path, {lever.name: {} for lever in levers.LEVERS}, samples=4)
    assert len(plan.variants.places) == len(levers.LEVERS)
    for point, seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(seed)))


def test_levers_that_are_only_copied_share_all_other_arrays(tmp_path):
    """What is the same at all points is the same object, which JAX hands on once for a whole batch."""
    plan = planned(tmp_path, {"terminal_rate": {}, "gpu_price": {}}, replicates=2)
    first, *others = (by_path(start) for *_, start in all_starts(plan))
    random = [path for path in first if path[0] == "draws" and path[1] in RANDOM]
    differ = {
        path for other in others for path, leaf in other.items() if leaf is not first[path] and path not in random
    }
    assert differ == {
        ("parameters", "environment", "terminal_rate"),
        ("parameters", "gpus", "gpu_price"),
        ("economy", "gpus", "paid"),
        ("economy", "gpus", "price"),
    }


RANDOM = (
    *("rate", "bitcoin", "gold", "crypto_sentiment", "ai_sentiment", "rent", "token_demand", "token_share"),
    *("round_closes", "deal_closes", "venture_value"),
)


def test_levers_with_words_share_what_is_the_same(tmp_path):
    vary = {"tether_regime": {"values": ["offshore", "mica"]}, "transparency": {"values": [0.0, 0.5, 1.0]}}
    plan = planned(tmp_path, vary, "grid")
    made = [start for *_, start in all_starts(plan)]
    assert made[0].economy.tokens.regime is not made[3].economy.tokens.regime
    assert made[0].economy.books.cash["own"] is made[3].economy.books.cash["own"]
    assert made[0].economy.labs.capability is made[5].economy.labs.capability
    assert made[0].parameters.labs.innovation is made[5].parameters.labs.innovation
    for point, seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(seed)))


@pytest.mark.parametrize("key", TRAITS)
def test_traits_and_numbers_that_act_through_the_parameters(tmp_path, key):
    plan = planned(tmp_path, {key: bounds(key), "payout_ratio": {}}, samples=4)
    assert len(plan.variants.places) == 2
    for point, seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(seed)))


@pytest.mark.parametrize("key", SLOW)
def test_numbers_that_need_an_opening_of_their_own(tmp_path, key):
    plan = planned(tmp_path, {key: bounds(key), "payout_ratio": {}}, samples=4, replicates=2)
    assert [plan.axes[axis].name for axis in plan.variants.places] == ["payout_ratio"]
    for point, seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(seed)))


def test_keys_of_every_kind_together(tmp_path):
    vary = {
        "tether_regime": {"values": ["offshore", "genius"]},
        "history.until": {"values": ["none", "2024Q1"]},
        "market.bill_rate": {"values": [0.02, 0.05]},
        "transparency": {"values": [0.1, 0.9]},
        "terminal_rate": {"values": [0.0, 0.05]},
    }
    plan = planned(tmp_path, vary, "grid", replicates=2, chunk=7)
    assert plan.runs == 64
    for point, seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(seed)))


def test_numbers_in_tables_and_switches_vary_too(tmp_path):
    member = next(iter(BASELINE.labs["openai"].suppliers.values))
    vary = {
        f"labs.openai.suppliers.values.{member}": {"values": [0.1, 0.2]},
        "providers.nebius.hyperscale": {"values": [0, 1]},
    }
    plan = planned(tmp_path, vary, "grid")
    assert not plan.variants.places
    for point, seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(seed)))


def test_events_of_the_scenario_are_there(tmp_path):
    base = changed(load("run-on-usdt"), {})
    last = max(event.quarter for event in base.events)
    plan = planned(tmp_path, {"terminal_rate": {}}, scenario="run-on-usdt", quarters=base.run.quarters, samples=2)
    assert last in plan.labels
    for point, seed, start in all_starts(plan):
        assert start.draws.events.redemption.max() > 0.0
        assert_same(start, single(plan, int(point), int(seed), base))


@pytest.mark.parametrize("key", ["terminal_rate", "transparency", "market.bill_rate", "issuers.paypal.ambition"])
def test_synthetic_agents_have_the_sizes_of_the_seed(tmp_path, key):
    tail = {"tail.issuers": 3, "tail.labs": 2, "tail.providers": 4}
    (tmp_path / "tail.toml").write_text(
        'extends = "baseline"\ntitle = "Tail"\n[tail]\nissuers = 3\nlabs = 2\nproviders = 4\n', encoding="utf8"
    )
    how = {} if "." not in key else bounds(key)
    plan = planned(tmp_path, {key: how}, scenario=str(tmp_path / "tail.toml"), samples=3, replicates=3, seed=11)
    base = changed(BASELINE, tail)
    fleets = set()
    for point, seed, start in all_starts(plan):
        assert_same(start, single(plan, int(point), int(seed), base))
        fleets.add(float(start.economy.gpus.fleet.sum()))
    assert len(fleets) == 3


def test_random_numbers_are_those_of_an_ensemble_and_drawn_once_for_a_seed(tmp_path):
    plan = planned(tmp_path, {"terminal_rate": {}}, samples=3, replicates=4, seed=7)
    expected = list(starts(changed(BASELINE, {"run.quarters": 2}), range(7, 11)))
    made = [start for *_, start in all_starts(plan)]
    for number, start in enumerate(made):
        assert_same(start.draws, expected[number % 4].draws)
        assert start.draws.token_share is made[number % 4].draws.token_share


def test_chunks_do_not_depend_on_what_was_opened_before(tmp_path):
    plan = planned(tmp_path, {"tether_regime": {"values": ["mica", "genius"]}}, "grid", replicates=5, chunk=3)
    in_order = [list(plan.starts(chunk)) for chunk in range(plan.chunks)]
    assert sum(map(len, in_order)) == 10
    folder = tmp_path / "sweep"
    folder.mkdir()
    plan.write(folder)
    for chunk in reversed(range(plan.chunks)):
        fresh = Plan.read(folder)
        for one, other in zip(fresh.starts(chunk), in_order[chunk], strict=True):
            assert_same(one, other)


def test_histories_from_starts_are_those_of_single_runs(tmp_path):
    plan = planned(tmp_path, {"redeployment": {}, "transparency": {}}, samples=2, replicates=2)
    found = in_numpy([start for *_, start in all_starts(plan)], plan.behaviour()).outcomes()
    alone = in_numpy([single(plan, int(p), int(s)) for p, s, _ in all_starts(plan)], plan.behaviour()).outcomes()
    assert found["redeployed_usd_bn"].std() > 0.0
    for name, numbers in found.items():
        assert numbers.tolist() == alone[name].tolist(), name


def test_a_point_that_cannot_be_opened_is_a_problem_of_its_runs_alone(tmp_path, monkeypatch):
    vary = {"market.bill_rate": {"values": [0.02, 0.03, 0.05]}}
    plan = planned(tmp_path, vary, "grid", replicates=2)
    assert plan.chunks == 1
    built = Variants.built

    def failing(self, values, seed):
        if values.get(0) == 0.03:
            raise ScenarioError("baseline: opening balance sheet does not\nclose")
        return built(self, values, seed)

    monkeypatch.setattr(Variants, "built", failing)
    made = list(Plan(plan.design, plan.scenario, plan.axes, plan.columns).starts(0))
    reason = "baseline: opening balance sheet does not close"
    assert made[2:4] == [Problem(2, reason), Problem(3, reason)]
    assert not any(isinstance(start, Problem) for start in made[:2] + made[4:])


def test_a_cache_stays_within_its_memory(monkeypatch):
    from sim.experiments.sweep import variants

    monkeypatch.setattr(variants, "MOST", 10_000)
    cache, made = Cache(), []

    def make(key):
        made.append(key)
        return {"numbers": np.zeros(500)}

    for key in (1, 2, 3, 3, 4, 4, 1, 2):
        cache.get(key, lambda key=key: make(key))
    assert made == [1, 2, 3, 4]
    cache.get(3, lambda: make(3))
    assert made == [1, 2, 3, 4, 3]
