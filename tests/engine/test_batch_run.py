"""Mesa's batch runner, a sweep and an ensemble: three ways to the same histories."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from support.batches import batch_run

import sim
from sim.engine.outcomes import OUTCOMES

QUARTERS = 3
SEEDS = (5, 6)
RATES, REGIMES, PAYOUTS = (0.0, 0.06), ("genius", "offshore"), (0.1, 0.9)
POINTS = list(itertools.product(RATES, REGIMES, PAYOUTS))
LEVERS = ("terminal_rate", "tether_regime", "payout_ratio")
DESIGN = f"""
title = "The same by three ways"
scenario = "baseline"
method = "grid"
engine = "numpy"
quarters = {QUARTERS}
seed = {SEEDS[0]}
replicates = {len(SEEDS)}
keep = ["outcomes", "series"]
chunk = 5

[vary]
terminal_rate = {{ values = {list(RATES)} }}
tether_regime = {{ values = {list(REGIMES)} }}
payout_ratio = {{ values = {list(PAYOUTS)} }}
"""
REDUCED = {
    "sum": lambda path: path[1:].sum(),
    "last": lambda path: path[-1],
    "min": lambda path: path.min(),
    "max": lambda path: path.max(),
    "mean": lambda path: path[1:].mean(),
}
"""How a path, the opening first, becomes an outcome."""
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


@dataclass
class Mesa:
    """Histories by Mesa: (point, seed) -> one row a quarter, the opening first; and the columns of a model."""

    paths: dict
    measures: list


@pytest.fixture(scope="module")
def mesas():
    # The baseline is longer, and Mesa stops it: of a model that stops itself, Mesa 3.3 loses the last step.
    parameters = dict(zip(LEVERS, map(list, (RATES, REGIMES, PAYOUTS)), strict=True))
    options = {"number_processes": 1, "max_steps": QUARTERS, "data_collection_period": 1}
    rows = batch_run({"config": ["baseline"], **parameters}, list(SEEDS), **options)
    # Mesa repeats a step's row for every agent.
    rows = rows.drop_duplicates(["RunId", "iteration", "Step"]).sort_values("Step")
    paths = {(key[:-1], key[-1]): rows for key, rows in rows.groupby([*LEVERS, "rng"])}
    measures = list(sim.CapitalFlowModel({"run.quarters": 1}, rng=1).series)
    assert all(list(path.Step) == list(range(QUARTERS + 1)) for path in paths.values())
    return Mesa(paths, measures)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    home = tmp_path_factory.mktemp("three-ways")
    (home / "design.toml").write_text(DESIGN)
    return sim.sweep(home / "design.toml", out=home / "sweep", workers=1)


def test_every_point_and_seed_is_there_both_ways(mesas, sweep):
    runs = sweep.outcomes
    assert set(mesas.paths) == set(itertools.product(POINTS, SEEDS))
    found = runs[[*LEVERS, "seed"]].itertuples(index=False, name=None)
    assert sorted((row[:-1], row[-1]) for row in found) == sorted(mesas.paths)


def test_batch_run_gives_every_series_of_a_sweep(mesas, sweep):
    series = sweep.query(f"SELECT s.*, {', '.join(LEVERS)}, seed FROM series s JOIN runs USING (run)")
    assert len(mesas.measures) > 50
    assert set(mesas.measures) <= set(series.columns)
    for (*point, seed), theirs in series.groupby([*LEVERS, "seed"]):
        theirs = theirs.sort_values("quarter")
        ours = mesas.paths[tuple(point), seed]
        assert list(theirs.quarter) == ["2023Q4", "2024Q1", "2024Q2", "2024Q3"]
        np.testing.assert_allclose(ours[mesas.measures], theirs[mesas.measures], **CLOSE)


def test_batch_run_gives_the_outcomes_of_a_sweep(mesas, sweep):
    """Those that are made of a model's series."""
    shared = [one for one in OUTCOMES if one.read in mesas.measures and one.over is None and one.reduction in REDUCED]
    assert len(shared) > 20
    for row in sweep.outcomes.to_dict("records"):
        path = mesas.paths[tuple(row[name] for name in LEVERS), row["seed"]]
        for outcome in shared:
            number = REDUCED[outcome.reduction](path[outcome.read].to_numpy())
            np.testing.assert_allclose(number, row[outcome.name], **CLOSE, err_msg=outcome.name)


@pytest.mark.parametrize("point", [POINTS[0], POINTS[-1]], ids=str)
def test_an_ensemble_gives_both(mesas, sweep, point):
    changes = dict(zip(LEVERS, point, strict=True))
    data = sim.ensemble("baseline", runs=len(SEEDS), seed=SEEDS[0], quarters=QUARTERS, changes=changes, engine="numpy")
    assert tuple(data.seed.values) == SEEDS
    runs = sweep.outcomes.set_index([*LEVERS, "seed"])
    for run, seed in enumerate(SEEDS):
        ours = data.series.sel(run=run, measure=mesas.measures).values
        np.testing.assert_allclose(ours, mesas.paths[point, seed][mesas.measures], **CLOSE)
        names = list(data.outcome.values)
        np.testing.assert_allclose(data.outcomes.values[run], runs.loc[(*point, seed), names].to_numpy(float), **CLOSE)


def test_points_and_seeds_differ(mesas):
    """Otherwise the comparisons would say nothing."""
    assert len({path[mesas.measures].to_numpy().tobytes() for path in mesas.paths.values()}) == 16
