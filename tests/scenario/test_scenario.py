"""What a run is told: one clear line for every mistake, and every number with its source."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.experiments.sweep.settings import names as sweeps
from sim.opening.open_economy import open_economy
from sim.scenario import data, levers
from sim.scenario.data import CONFIGS, read_data
from sim.scenario.load import changed_keys, load, names, parse_value
from sim.scenario.schema import Quantity


def _leaves(part, at=""):
    if isinstance(part, Quantity):
        yield at, part
    elif isinstance(part, dict):
        for key, item in part.items():
            yield from _leaves(item, f"{at}.{key}" if at else key)
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _leaves(item, f"{at}.{index}")
    elif hasattr(part, "model_dump"):
        for key, item in part:
            yield from _leaves(item, f"{at}.{key}" if at else key)


def test_every_number_has_unit_kind_and_reason():
    """Data rows name their row, everything else says why; an assumption has a range that contains it."""
    found = dict(_leaves(load("baseline")))
    assert len(found) > 400
    for key, quantity in found.items():
        assert quantity.unit, key
        assert quantity.data or quantity.why, key
        if quantity.kind == "assumption":
            assert quantity.range[0] <= quantity.value <= quantity.range[1], key
    assert sum(quantity.kind == "data" for quantity in found.values()) > 40


def test_data_rows_are_read_from_the_data_files():
    tether = load("baseline").issuers["tether"]
    assert tether.reserve.bills.value == read_data("issuers|Tether|2023Q4|tbills_direct") == 63.0
    assert tether.reserve.repo.value == pytest.approx(9.4 + 8.3)
    assert read_data("rates|2023Q4|tbill_3m_avg_pct") == 5.454


@pytest.mark.parametrize("name", sorted(names()))
def test_every_shipped_scenario_loads_opens_and_says_what_it_is(name):
    scenario = load(name)
    assert scenario.name == name
    assert scenario.title
    assert scenario.about
    open_economy(scenario)


@pytest.mark.parametrize("lever", levers.LEVERS, ids=lambda lever: lever.name)
def test_levers_point_at_numbers_with_ranges(lever):
    quantity = levers.quantity(load("baseline"), lever)
    assert quantity.range[0] < quantity.range[1]
    assert load("baseline", levers.keys({lever.name: quantity.range[1]})) is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"environment.terminal_rat": 0.01}, ["environment.terminal_rat", "did you mean 'terminal_rate'"]),
        ({"environment.terminal_rate": 0.5}, ["environment.terminal_rate", "0.5", "allowed: 0 to 0.1"]),
        ({"environment.terminal_rate": "high"}, ["environment.terminal_rate", "expected a number", "high"]),
        ({"environment.terminal_rate": True}, ["environment.terminal_rate", "expected a number"]),
        ({"environment.terminal_rate": float("nan")}, ["environment.terminal_rate", "nan"]),
        ({"market.bitcoin": 0}, ["market.bitcoin", "allowed: 1 to 1e+08"]),
        ({"issuers.tether.reserve.bills": -1.0}, ["issuers.tether.reserve.bills", "must not be negative"]),
        ({"run.quarters": 0}, ["run.quarters", "0", "greater than or equal to 1"]),
        ({"run.quarters": 2.5}, ["run.quarters", "2.5"]),
        ({"run.seed": -1}, ["run.seed", "-1"]),
        ({"history.until": "yesterday"}, ["history.until", "yesterday"]),
        ({"history.gpu_generations": ["2025"]}, ["history.gpu_generations", "2025"]),
        ({"history.gpu_generations": ["2025Q1", "2025Q3"]}, ["history.gpu_generations", "2025Q3", "4 quarters"]),
        ({"issuers.tether.regime": "wild"}, ["issuers.tether.regime", "wild", "offshore"]),
        ({"issuers.teher.tokens": 1.0}, ["issuers", "teher", "did you mean 'tether'"]),
        ({"labs.openai.owners": {"tethr": 1.0}}, ["owners", "tethr", "did you mean 'tether'"]),
        ({"labs.openai.owners": 3.0}, ["labs.openai.owners", "table"]),
        ({"labs.openai.owners.unit": "x"}, ["unit"]),
        ({"labs.mistral.name": "OpenAI"}, ["name"]),
        ({"nonsense.key": 1}, ["nonsense"]),
    ],
)
def test_mistakes_are_told_in_one_line(changes, words):
    with pytest.raises(ScenarioError) as caught:
        load("baseline", changes)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"issuers.tether.reserve.bills": 60.0}, "Tether, reserve assets"),
        ({"issuers.tether.reserve.other_ventures": 5.19, "issuers.tether.own.cash": 1.5}, "Tether"),
        ({"providers.coreweave.debt": 2.0}, "debt of CoreWeave"),
        ({"labs.openai.owners.values.microsoft": 0.4}, "shares of OpenAI"),
        ({"issuers.circle.reserve.bills": 9.0}, "Circle"),
    ],
)
def test_an_opening_that_does_not_close_is_refused_and_names_the_row(changes, row):
    with pytest.raises(ScenarioError, match="balance sheet") as caught:
        open_economy(load("baseline", changes))
    assert row in str(caught.value)
    assert "\n" not in str(caught.value)


def _file(tmp_path, text, name="mine.toml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_file_says_only_what_it_changes(tmp_path):
    path = _file(tmp_path, 'extends = "baseline"\ntitle = "Mine"\n[environment]\nterminal_rate = 0.01\n')
    mine = load(path)
    assert mine.environment["terminal_rate"].value == 0.01
    assert mine.environment["terminal_rate"].unit == "per year"
    assert set(changed_keys(load("baseline"), mine)) == {"environment.terminal_rate"}


def test_a_file_can_replace_owners_and_single_shares(tmp_path):
    path = _file(tmp_path, 'extends = "baseline"\n[labs.xai]\nowners = { venture_funds = 0.25, economy = 0.75 }\n')
    start = open_economy(load(path))
    assert start.economy.books.positions["lab_shares"]["investors"][6, 2] == 0.25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('extends = "baseline"\n[environment\n', ["mine.toml", "TOML"]),
        ('extends = "baselin"\n', ["baselin", "did you mean 'baseline'"]),
        ('extends = "mine"\n', ["extends itself"]),
        ('extends = "baseline"\n[tokens]\ndemand_growt = 1.0\n', ["tokens.demand_growt", "demand_growth"]),
        ("title = 3\n", ["mine.toml"]),
        ('extends = "baseline"\n[market]\nrent = { data = 3 }\n', ["market.rent", "file|entity|quarter|metric"]),
        ("title = " + "[" * 20000, ["mine.toml", "TOML"]),
        ('extends = "baseline"\n[issuers.tether]\ntokens = { data = "issuers|Nobody|2023Q4|x" }\n', ["Nobody"]),
    ],
)
def test_mistakes_in_files_are_told_in_one_line(tmp_path, text, words):
    with pytest.raises(ScenarioError) as caught:
        load(_file(tmp_path, text))
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_a_missing_or_damaged_data_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "CONFIGS", tmp_path)
    data._long_table.cache_clear()
    try:
        with pytest.raises(ScenarioError, match=r"issuers\.csv is missing"):
            read_data("issuers|Tether|2023Q4|btc")
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "issuers.csv").write_text("entity,quarter\nTether,2023Q4\n")
        with pytest.raises(ScenarioError, match="damaged"):
            read_data("issuers|Tether|2023Q4|btc")
    finally:
        data._long_table.cache_clear()


def test_the_data_must_reach_as_far_as_they_are_used():
    from sim.engine.mesa_model import CapitalFlowModel

    with pytest.raises(ScenarioError, match="2026Q3"):
        CapitalFlowModel({"history.until": "2030Q1"})


@given(st.text(max_size=30))
def test_any_text_after_set_is_a_value(text):
    assert parse_value(text) is not None


def test_toml_values_after_set():
    assert parse_value("0.01") == 0.01
    assert parse_value("true") is True
    assert parse_value("2030Q1") == "2030Q1"
    assert parse_value("{ tether = 1.0 }") == {"tether": 1.0}


def test_configs_are_valid_toml_with_no_duplicate_names():
    paths = list(CONFIGS.rglob("*.toml"))
    assert all(tomllib.loads(path.read_text()) for path in paths)
    assert len({path.stem for path in paths}) == len(paths)
    told = {"assumptions", "facts", "history", "calibration", "backtest"}
    assert {path.stem for path in paths} == {*names(), *sweeps(), *told}


def test_a_tail_of_synthetic_agents_closes_and_is_stable():
    few = open_economy(load("baseline", {"tail.labs": 3, "tail.issuers": 2, "tail.providers": 2}))
    many = open_economy(load("baseline", {"tail.labs": 5, "tail.issuers": 2, "tail.providers": 2}))
    assert len(few.names["labs"]) == 8
    assert many.names["labs"][:8] == few.names["labs"]
    cash = [start.economy.books.cash["labs"].sum(axis=1) for start in (few, many)]
    assert (cash[0] == cash[1][:8]).all()
    assert len({*cash[1][5:]}) == 5
