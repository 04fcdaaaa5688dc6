"""A user's own function takes the place of a decision in one line, and its mistakes are told in one line."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.sampling import sampled
from support.tiny import BETA, FROZEN, TINY

import sim
from sim.economy.decisions import DECISIONS, RULES
from sim.economy.parameters import AI_CHANNELS, CHANNELS, COLUMN
from sim.engine.decisions import Behaviour
from sim.engine.mesa_model import CapitalFlowModel
from sim.errors import ScenarioError
from sim.scenario.load import changed_keys, load

EXAMPLES = [("all_in_gold", "all in for gold"), ("cautious_labs", "labs cautious")]

ROOT = Path(__file__).parents[2]
GOLD = "examples.all_in_gold:choose"
CAPFLOW = [sys.executable, "-c", "from sim.cli import main; main()"]


@pytest.fixture(autouse=True)
def in_the_top_folder(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(ROOT)


def _run(model):
    totals = {}
    while model.running:
        model.step()
        for name, number in model.series.items():
            totals[name] = totals.get(name, 0.0) + number
    return totals


def test_every_decision_has_a_form_that_the_models_own_rule_keeps():
    model = CapitalFlowModel(load(TINY, {"run.quarters": 12}), rng=2)
    plain = CapitalFlowModel(load(TINY, {"run.quarters": 12}), rng=2)
    model.decisions.update(RULES)  # through the checks
    assert model.decisions.replaced().keys() == DECISIONS.keys()
    # What passes the checks is copied, and sums of copies may differ in the last digit.
    assert _run(model) == pytest.approx(_run(plain), rel=1e-9, abs=1e-12)


def test_python_config_and_scenario_file_give_the_same_history(tmp_path):
    by_python = CapitalFlowModel(load(TINY, {"run.quarters": 6}), rng=1)
    by_python.decisions["redeployment"] = GOLD
    by_key = CapitalFlowModel(load(TINY, {"run.quarters": 6, "decisions.redeployment": GOLD}), rng=1)
    path = tmp_path / "gold.toml"
    path.write_text(f'extends = "{TINY}"\n[run]\nquarters = 6\n[decisions]\nredeployment = "{GOLD}"\n')
    by_file = CapitalFlowModel(path, rng=1)
    totals = [_run(model) for model in (by_python, by_key, by_file)]
    assert totals[0] == totals[1] == totals[2]
    assert totals[0]["deployed_gold_usd_bn"] > 1.0
    for channel in AI_CHANNELS:
        facility = 0.5 if channel == "compute_loans" else 0.0  # signed before the history begins
        assert totals[0][f"deployed_{channel}_usd_bn"] == pytest.approx(facility)


def test_a_scenario_with_decisions_stays_plain_data():
    scenario = load(FROZEN, {"decisions.redeployment": GOLD})
    assert json.loads(json.dumps(scenario.model_dump(mode="json")))["decisions"] == {"redeployment": GOLD}
    assert changed_keys(load(FROZEN), scenario) == {"decisions.redeployment": {"from": None, "to": GOLD}}
    assert load(FROZEN).decisions == {}


def test_run_takes_decisions_and_the_folder_says_so(tmp_path):
    from examples.all_in_gold import choose

    run = sim.run(quarters=3, out=tmp_path / "a", figures=False, decisions={"redeployment": choose})
    assert run.manifest["changes"]["decisions.redeployment"] == {"from": None, "to": GOLD}
    assert run.series["deployed_gold_usd_bn"].sum() > 0.5
    assert run.series["deployed_bitcoin_usd_bn"].sum() == 0.0
    with pytest.raises(ScenarioError, match="redeploymnt: unknown decision, did you mean 'redeployment'"):
        sim.run(quarters=3, out=tmp_path / "b", decisions={"redeploymnt": choose})
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("given", [GOLD, "function"])
def test_a_model_with_a_replaced_decision_pickles(given):
    from examples.all_in_gold import choose

    model = CapitalFlowModel(load(TINY, {"run.quarters": 4}), rng=2)
    model.decisions["redeployment"] = choose if given == "function" else given
    model.step()
    copy = pickle.loads(pickle.dumps(model))
    assert _run(model) == _run(copy)


def test_the_models_own_rule_can_be_put_back():
    model, plain = (CapitalFlowModel(load(TINY, {"run.quarters": 4}), rng=3) for _ in range(2))
    model.decisions["payout"] = lambda economy, parameters: np.ones(2)
    assert list(model.decisions.replaced()) == ["payout"]
    del model.decisions["payout"]
    assert model.decisions["payout"] is RULES["payout"]
    assert _run(model) == _run(plain)


@pytest.mark.parametrize(
    ("name", "function", "outcome", "rises"),
    [
        ("payout", lambda e, r: np.ones(2), "dividends_usd_bn", True),
        ("lab_rounds", lambda e, r: np.zeros(2), "lab_raised_usd_bn", False),
        ("gpu_orders", lambda e, r: np.zeros(2), "gpu_capex_usd_bn", False),
        ("gpu_borrowing", lambda e, r: np.zeros(2), "provider_debt_usd_bn", False),
        ("investor_appetite", lambda e, r: np.zeros(4), "lab_raised_usd_bn", False),
        ("lab_spending", lambda e, r: np.full(2, 0.1), "lab_spending_usd_bn", False),
    ],
)
def test_every_kind_of_decision_matters(name, function, outcome, rises):
    plain = _run(CapitalFlowModel(load(TINY, {"run.quarters": 10}), rng=1))
    model = CapitalFlowModel(load(TINY, {"run.quarters": 10}), rng=1)
    model.decisions[name] = function
    change = _run(model)[outcome] - plain[outcome]
    assert change * (1.0 if rises else -1.0) > 0.0


def test_investors_can_choose_another_lab():
    only_beta = np.zeros((4, 2))
    only_beta[:, BETA] = 1.0
    model = CapitalFlowModel(load(TINY, {"run.quarters": 10}), rng=1)
    model.decisions["investor_choice"] = lambda economy, parameters: only_beta
    raised = np.zeros(2)
    while model.running:
        model.step()
        raised += model.economy.books.journal.flows["lab_round"].amount.sum(axis=0)
    assert raised[BETA] > 0.0
    assert raised.sum() == raised[BETA]


def test_redeployment_switched_off_holds_for_any_rule():
    """The twin without redeployment stays the causal twin, whoever decides."""
    everything = np.zeros((2, len(CHANNELS)))
    everything[:, COLUMN["lab_equity"]] = 1.0
    model = CapitalFlowModel(load(TINY, {"run.quarters": 6}), rng=1, redeployment=0.0)
    model.decisions["redeployment"] = lambda economy, parameters: everything
    totals = _run(model)
    assert totals["redeployed_usd_bn"] == 0.0
    assert totals["deployed_bills_usd_bn"] > 1.0


def _wrong(result):
    return lambda economy, parameters: result


OVERFULL = np.full((2, len(CHANNELS)), 0.2)
NEGATIVE = np.eye(2, len(CHANNELS)) * -1.0
HOLED = np.where(np.eye(2, len(CHANNELS)) > 0, np.nan, 0.0)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (_wrong(np.zeros((2, 3))), ["returned shape (2, 3)", "shape (2, 10)", "2 issuers by 10 channels"]),
        (_wrong(1.0), ["returned shape ()"]),
        (_wrong(HOLED), ["returned nan at [0, 0]", "finite"]),
        (_wrong(NEGATIVE), ["returned -1 at [0, 0]", "not negative"]),
        (_wrong(OVERFULL), ["returned a row that sums to 2", "sum to at most 1"]),
        (_wrong("gold"), ["a str, which is not an array of real numbers"]),
        (lambda economy, parameters: 1 / 0, ["failed in quarter 1", "ZeroDivisionError", "test_behaviours.py, line"]),
    ],
)
def test_wrong_results_are_told_in_one_line(function, words):
    model = CapitalFlowModel(load(TINY, {"run.quarters": 2}), rng=1)
    model.decisions["redeployment"] = function
    with pytest.raises(ScenarioError) as caught:
        model.step()
    message = str(caught.value)
    assert "\n" not in message
    for word in ["decisions.redeployment", *words]:
        assert word in message, message


def test_a_share_above_one_is_refused_and_rounding_is_not():
    model = CapitalFlowModel(load(TINY, {"run.quarters": 3}), rng=1)
    model.decisions["payout"] = lambda economy, parameters: np.full(2, 1.0 + 1e-12)
    model.step()
    model.decisions["payout"] = lambda economy, parameters: np.full(2, 1.5)
    with pytest.raises(ScenarioError, match=r"decisions\.payout.*returned 1\.5 at \[0\].*from 0 to 1"):
        model.step()


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"redeployment": "examples.all_in_gld:choose"}, ["no module 'examples.all_in_gld'"]),
        ({"redeployment": "examples.all_in_gold:chose"}, ["has no 'chose'", "did you mean 'choose'"]),
        ({"redeployment": "examples.all_in_gold:CHANNELS"}, ["is not callable", "function of (economy, parameters)"]),
        ({"redeployment": "examples.all_in_gold"}, ["not in the form module:function"]),
        ({"redeployment": "math:floor"}, ["takes the arguments (x, /)", "function of (economy, parameters)"]),
        ({"redeployment": 3}, ["redeployment = 3", "allowed: module:function"]),
        ({"redeploymnt": GOLD}, ["decisions.redeploymnt: unknown decision", "did you mean 'redeployment'"]),
    ],
)
def test_wrong_names_are_told_in_one_line_when_a_model_is_made(chosen, words):
    with pytest.raises(ScenarioError) as caught:
        CapitalFlowModel({f"decisions.{name}": text for name, text in chosen.items()}, rng=1)
    message = str(caught.value)
    assert "\n" not in message
    for word in ["decisions", *words]:
        assert word in message, message


def test_a_module_that_breaks_while_it_is_imported_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken_module.py").write_text("raise RuntimeError('first\\nsecond')\n")
    (tmp_path / "leans_on_nothing.py").write_text("import there_is_no_such_thing\n")
    for module, word in (("broken_module", "RuntimeError: first second"), ("leans_on_nothing", "no_such_thing")):
        with pytest.raises(ScenarioError, match=f"importing {module} failed: .*{word}") as caught:
            CapitalFlowModel({"decisions.payout": f"{module}:f"}, rng=1)
        assert "\n" not in str(caught.value)


def test_a_table_of_behaviour_is_a_mapping_over_all_decisions():
    model = CapitalFlowModel(load(TINY, {"run.quarters": 1}), rng=1)
    assert isinstance(model.decisions, Behaviour)
    assert dict(model.decisions) == RULES


def _capflow(*arguments):
    return subprocess.run([*CAPFLOW, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_line_replaces_a_decision(tmp_path):
    given = ("run", "baseline", "--quarters", 3, "--no-figures", "--json")
    done = _capflow(*given, "--out", tmp_path / "a", "--set", f"decisions.redeployment={GOLD}")
    assert done.returncode == 0, done.stderr
    run = sim.Run.open(Path(json.loads(done.stdout)["run_dir"]))
    assert run.series["deployed_gold_usd_bn"].sum() > 0.5
    assert run.manifest["changes"] == {
        "decisions.redeployment": {"from": None, "to": GOLD},
        "run.quarters": {"from": 28, "to": 3},
    }
    for wrong in ("examples.all_in_gold:chose", "sim.economy.capital.rounds:choose_labs"):
        done = _capflow(*given, "--out", tmp_path / "b", "--set", f"decisions.redeployment={wrong}")
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert "decisions.redeployment" in done.stderr
        assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(("example", "words"), sampled(EXAMPLES, EXAMPLES[:1]))
def test_the_examples_run_and_say_what_they_found(example, words):
    done = subprocess.run(
        [sys.executable, "-m", f"examples.{example}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stdout


def test_cautious_labs_spend_less_and_sell_fewer_gpus():
    from examples.cautious_labs import outcome, spend

    (plain_spent, plain_sold), (spent, sold) = outcome(), outcome(lab_spending=spend)
    assert spent < 0.95 * plain_spent
    assert sold < plain_sold
