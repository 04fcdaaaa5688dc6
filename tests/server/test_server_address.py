"""An address decides a history, names no file, and loads no code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.scenario import levers
from sim.scenario.load import load, names
from sim.server import address

BASELINE = load("baseline")
NUMBERS = {lever.name: levers.quantity(BASELINE, lever) for lever in levers.LEVERS}


@st.composite
def worlds(draw):
    said = {"scenario": draw(st.sampled_from(sorted(names())))}
    for name in draw(st.sets(st.sampled_from(sorted(NUMBERS)), max_size=4)):
        low, high = NUMBERS[name].range
        said[name] = repr(draw(st.floats(low, high)))
    if draw(st.booleans()):
        said["seed"] = str(draw(st.integers(0, 2**63 - 1)))
    if draw(st.booleans()):
        said["tether_regime"] = draw(st.sampled_from(levers.BY_NAME["tether_regime"].choices))
    return said


@given(worlds())
def test_a_world_is_the_same_after_its_own_address(said):
    from urllib.parse import parse_qsl

    world = address.read(said)
    assert address.read(dict(parse_qsl(world.query))) == world
    spec = world.spec()
    assert spec.run.seed == world.seed
    for name, value in world.turned:
        lever = levers.BY_NAME[name]
        found = levers.choice(spec, lever) if lever.choices else levers.quantity(spec, lever).value
        assert found == value


def test_a_lever_at_the_value_of_the_scenario_is_not_turned():
    own = address.own_values("zero-rates")
    said = {"scenario": "zero-rates", **{name: str(value) for name, value in own.items()}}
    assert address.read(said) == address.HistoryRequest("zero-rates", (), 1)
    assert address.read(said).query == "scenario=zero-rates"


def test_values_of_the_scenario_are_those_of_the_file():
    own = address.own_values("higher-for-longer")
    assert own["terminal_rate"] == load("higher-for-longer").environment["terminal_rate"].value
    assert own["tether_regime"] == "offshore"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"scenario": "../secrets"}, "scenario = '../secrets': unknown scenario"),
        ({"scenario": "/etc/passwd"}, "unknown scenario"),
        ({"scenario": "configs/baseline.toml"}, "unknown scenario"),
        ({"scenario": "bassline"}, "did you mean"),
        ({"terminl_rate": "0.01"}, "did you mean"),
        ({"terminal_rate": "low"}, "terminal_rate = 'low': expected a number"),
        ({"terminal_rate": "nan"}, "terminal_rate"),
        ({"terminal_rate": "inf"}, "terminal_rate"),
        ({"terminal_rate": "0.5"}, "out of range; allowed: 0 to 0.1"),
        ({"tether_regime": "lunar"}, "regime"),
        ({"seed": "-1"}, "expected a whole number"),
        ({"seed": "1" * 60}, "run.seed"),
        ({"seed": "9" * 80}, "seed: longer than"),
        ({"decisions.redeployment": "os:system"}, "no such lever"),
        ({"environment.terminal_rate": "0.01"}, "no such lever"),
        ({"events": "[]"}, "no such lever"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(said, told):
    with pytest.raises(ScenarioError) as error:
        address.read(said)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
