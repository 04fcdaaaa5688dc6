"""The same quarter, compiled by JAX: purity must never drift."""

from dataclasses import replace

import numpy as np
import pytest

from sim import shocks
from sim.behaviours import Behaviour
from sim.economy import ledger, measures
from sim.economy.quarter import quarter
from sim.opening import draws_for, open_economy
from sim.scenario import load

jax = pytest.importorskip("jax")
pytest.importorskip("sim.compiled")  # makes the economy known to JAX

QUARTERS = 28


@pytest.fixture(scope="module")
def compiled():
    """The quarter compiled as ensembles compile it, in double precision; a list that grows with every trace."""
    from sim.programs import compiler_options

    jax.config.update("jax_enable_x64", True)
    traces = []

    def traced(economy, given_rules, today):
        traces.append(1)
        after, residuals = quarter(economy, given_rules, today)
        return after, residuals, measures.series(after), measures.agents(after)

    return jax.jit(traced, compiler_options=compiler_options()), traces


def _history(seed, name="baseline"):
    scenario = load(name, {"run.quarters": QUARTERS})
    start = open_economy(scenario)
    return start, draws_for(scenario, start.names, seed, QUARTERS)


def _without_journal(economy):
    return replace(economy, books=replace(economy.books, journal=ledger.EMPTY_JOURNAL))


@pytest.mark.parametrize("name", ["baseline", "perfect-storm"])
def test_numpy_and_jax_agree_over_whole_histories(compiled, name):
    """Every series, every agent's measures and every flow of every quarter, to 1e-9 of its size."""
    step_jax, _ = compiled
    start, draws = _history(5, name)
    plain, traced = start.economy, start.economy
    for step in range(QUARTERS):
        today = shocks.at(draws, step)
        plain, plain_residuals = quarter(plain, start.rules, today)
        traced, residuals, series, agents = step_jax(_without_journal(traced), start.rules, today)
        _same(measures.series(plain), series, step)
        for group, table in measures.agents(plain).items():
            _same(table, agents[group], (step, group))
        for kind, flow in plain.books.journal.flows.items():
            _same({kind: flow.amount}, {kind: traced.books.journal.flows[kind].amount}, step)
        assert max(float(r) for r in plain_residuals.values()) < 1e-9
        assert max(float(r) for r in residuals.values()) < 1e-9


def _same(ours, theirs, where):
    assert ours.keys() == theirs.keys()
    for name, mine in ours.items():
        np.testing.assert_allclose(
            np.asarray(theirs[name]), np.asarray(mine), rtol=1e-9, atol=1e-12, err_msg=f"{where} {name}"
        )


def test_rules_and_draws_are_data_not_code(compiled):
    """Another lever value, seed or quarter must not trace the economy again."""
    step_jax, traces = compiled
    start, draws = _history(seed=1)
    economy = start.economy
    for step in range(3):
        tokens = replace(start.rules.tokens, demand_growth=np.float64(0.1 * step))
        economy, *_ = step_jax(
            _without_journal(economy), replace(start.rules, tokens=tokens), shocks.at(draws, step)
        )
    assert len(traces) == 1


def test_the_example_behaviours_can_be_traced(compiled):
    """They give the same numbers compiled as they do in NumPy; the unchecked rules are what a compiler takes."""
    from examples import all_in_gold, cautious_labs

    start, _ = _history(seed=1)
    behaviour = Behaviour(start.names, {"lab_spending": cautious_labs.spend, "redeployment": all_in_gold.choose})
    for name in behaviour.replaced():
        plain = behaviour[name](start.economy, start.rules)
        traced = jax.jit(behaviour.unchecked()[name])(_without_journal(start.economy), start.rules)
        np.testing.assert_allclose(np.asarray(traced), plain, rtol=1e-12)
