"""The same quarter, compiled by JAX: purity must never drift."""

from dataclasses import fields, is_dataclass, replace
from functools import partial

import numpy as np
import pytest

from sim import shocks
from sim.economy import ledger, measures, rules, state
from sim.economy.quarter import quarter
from sim.opening import draws_for, open_economy
from sim.scenario import load

jax = pytest.importorskip("jax")

QUARTERS = 28


@pytest.fixture(scope="module", autouse=True)
def _double_precision():
    jax.config.update("jax_enable_x64", True)
    for module in (ledger, rules, state):
        for item in vars(module).values():
            if isinstance(item, type) and is_dataclass(item) and item.__module__ == module.__name__:
                jax.tree_util.register_dataclass(item, [field.name for field in fields(item)], [])


def _without_journal(economy):
    return replace(economy, books=replace(economy.books, journal=ledger.EMPTY_JOURNAL))


def test_numpy_and_jax_agree_over_the_whole_baseline():
    """Every series, every agent's measures and every flow of every quarter, to 1e-9 of its size."""
    scenario = load("baseline", {"run.quarters": QUARTERS})
    start = open_economy(scenario)
    draws = draws_for(scenario, start.names, seed=5, quarters=QUARTERS)
    compiled = jax.jit(partial(quarter))
    plain, traced = start.economy, jax.tree.map(jax.numpy.asarray, start.economy)
    for step in range(QUARTERS):
        today = shocks.at(draws, step)
        plain, plain_residuals = quarter(plain, start.rules, today)
        traced, traced_residuals = compiled(_without_journal(traced), start.rules, today)
        _same(measures.series(plain), measures.series(traced), step)
        for group, table in measures.agents(plain).items():
            _same(table, measures.agents(traced)[group], (step, group))
        for kind, flow in plain.books.journal.flows.items():
            _same({kind: flow.amount}, {kind: traced.books.journal.flows[kind].amount}, step)
        assert max(float(r) for r in plain_residuals.values()) < 1e-9
        assert max(float(r) for r in traced_residuals.values()) < 1e-9


def _same(ours, theirs, where):
    assert ours.keys() == theirs.keys()
    for name, mine in ours.items():
        np.testing.assert_allclose(
            np.asarray(theirs[name]), np.asarray(mine), rtol=1e-9, atol=1e-12, err_msg=f"{where} {name}"
        )


def test_the_quarter_compiles_once_for_all_quarters_and_rules():
    """Rules and draws are data: another lever value or quarter must not trace the economy again."""
    scenario = load("baseline", {"run.quarters": 3})
    start = open_economy(scenario)
    draws = draws_for(scenario, start.names, seed=1, quarters=3)
    traces = []

    def counted(economy, given_rules, today):
        traces.append(1)
        return quarter(economy, given_rules, today)

    compiled = jax.jit(counted)
    economy = jax.tree.map(jax.numpy.asarray, _without_journal(start.economy))
    for step in range(3):
        other = replace(start.rules, tokens=replace(start.rules.tokens, demand_growth=np.float64(0.1 * step)))
        economy, _ = compiled(_without_journal(economy), other, shocks.at(draws, step))
    assert len(traces) == 1
