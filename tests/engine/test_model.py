"""CapitalFlowModel is a Mesa model like any other."""

import gc
import inspect
import pickle
import weakref

import mesa
import numpy as np
import pytest
from support.batches import batch_run
from support.tiny import TINY

import sim
from sim.engine.mesa_model import AGENT_CLASSES, AILab, CapitalFlowModel, GPUProvider, StablecoinIssuer
from sim.errors import ScenarioError
from sim.scenario import levers
from sim.scenario.load import load


def test_every_lever_is_an_explicit_keyword_and_nothing_else_is():
    parameters = inspect.signature(CapitalFlowModel).parameters
    assert list(parameters) == ["config", "rng", *levers.BY_NAME]
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())
    assert parameters["config"].default == "baseline"
    assert all(p.default is None for name, p in parameters.items() if name != "config")


def test_it_steps_to_the_end_and_stops():
    model = CapitalFlowModel(load(TINY, {"run.quarters": 3}), rng=1)
    assert model.running
    while model.running:
        model.step()
    assert (model.quarter, model.label) == (3, "2024Q3")
    model.step()
    assert model.quarter == 3


def test_agents_are_named_views_by_population():
    model = CapitalFlowModel(TINY, rng=1)
    assert {a.name for a in model.agents_by_type[AILab]} == {"Alpha", "Beta"}
    assert len(model.agents) == 2 + 2 + 2 + 4 + 2
    model.step()
    tether = next(a for a in model.agents if a.name == "Tether")
    assert isinstance(tether, StablecoinIssuer)
    assert tether.tokens == pytest.approx(-model.economy.books.positions["tokens"]["reserve"][0])
    assert tether.measure("anxiety") > 0
    with pytest.raises(KeyError):
        tether.measure("happiness")
    for agent_class in AGENT_CLASSES:
        for agent in model.agents.select(agent_type=agent_class):
            for name in agent_class.measures:
                assert np.isfinite(getattr(agent, name)), (agent.name, name)


def test_data_collector_has_model_and_agent_tables():
    model = CapitalFlowModel(load(TINY, {"run.quarters": 4}), rng=1)
    while model.running:
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    assert len(frame) == 5
    assert frame["interest_usd_bn"].iloc[0] == 0.0
    assert frame["interest_usd_bn"].iloc[1:].gt(1.0).all()
    agents = model.datacollector.get_agent_vars_dataframe()
    assert set(agents.columns) == {"name", "population", "cash", "net_worth"}
    providers = model.datacollector.get_agenttype_vars_dataframe(GPUProvider)
    assert providers["gpus"].gt(0).all()


def test_batch_run_over_levers_works_from_outside():
    rows = batch_run({"config": ["baseline"], "terminal_rate": [0.0, 0.06]}, [1, 2], number_processes=1, max_steps=20)
    last = rows[rows["Step"] == 20].drop_duplicates("RunId")
    assert len(last) == 4
    interest = last.groupby("terminal_rate")["interest_usd_bn"].mean()
    assert interest[0.06] > interest[0.0]


def test_batch_run_in_two_processes():
    rows = batch_run({"redeployment": [0.0, 1.0]}, [3], number_processes=2, max_steps=4)
    assert set(rows.redeployment) == {0.0, 1.0}


def test_the_same_seed_gives_the_same_history_and_another_does_not():
    ends = []
    for seed in (5, 5, 6):
        model = CapitalFlowModel(load(TINY, {"run.quarters": 6}), rng=seed)
        while model.running:
            model.step()
        ends.append(model.series)
    assert ends[0] == ends[1]
    assert ends[0] != ends[2]


def test_without_a_seed_each_model_is_new_and_tells_its_seed():
    first, second = (
        CapitalFlowModel(load(TINY, {"run.quarters": 1})),
        CapitalFlowModel(load(TINY, {"run.quarters": 1})),
    )
    assert first.seed_used != second.seed_used
    again = CapitalFlowModel(load(TINY, {"run.quarters": 1}), rng=first.seed_used)
    first.step()
    again.step()
    assert first.series == again.series


def test_it_pickles_and_goes_on_as_if_nothing_had_happened():
    model = CapitalFlowModel(load(TINY, {"run.quarters": 5}), rng=2)
    model.step()
    copy = pickle.loads(pickle.dumps(model))
    while model.running:
        model.step()
        copy.step()
    assert model.series == copy.series
    assert copy.agents_by_type[AILab].get("cash") == model.agents_by_type[AILab].get("cash")


def test_wrong_levers_and_scenarios_are_told_in_one_line():
    with pytest.raises(ScenarioError, match=r"environment\.terminal_rate"):
        CapitalFlowModel(terminal_rate=2.0)
    with pytest.raises(ScenarioError, match="did you mean 'baseline'"):
        CapitalFlowModel("basline")
    with pytest.raises(ScenarioError, match="no such lever, did you mean 'terminal_rate'"):
        CapitalFlowModel({"terminal_rat": 0.01})
    with pytest.raises(TypeError):
        CapitalFlowModel(terminal_rat=0.01)


def test_models_are_freed():
    """Mesa 3.3 keeps a registry of agent numbers per model; nothing else may keep a model alive."""
    model = CapitalFlowModel(load(TINY, {"run.quarters": 1}), rng=1)
    watch = weakref.ref(model)
    getattr(mesa.Agent, "_ids", {}).pop(model, None)
    del model
    gc.collect()
    assert watch() is None


def test_public_names():
    for name in sim.__all__:
        assert getattr(sim, name) is not None
    with pytest.raises(AttributeError):
        _ = sim.nonsense
