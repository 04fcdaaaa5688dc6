"""The page of findings is what its numbers say, and the numbers are what the histories say."""

import ast
import copy
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.analysis.attribution import direct_uses, final_uses
from sim.engine.batch import behaviour
from sim.engine.ensemble import run_histories, starts
from sim.errors import ScenarioError
from sim.experiments.calibrate.settings import load_problem
from sim.experiments.compare.cause import REDEPLOYMENT
from sim.experiments.compare.paired import effect
from sim.scenario.load import changed, load
from studies.findings import figures as pictures
from studies.findings import page, sentences, uses, words
from studies.findings.summaries import effect_of, rounded
from studies.findings.worlds import World, cut, summary_of, twin_of, windows
from studies.uncertainty import figures as fans
from studies.uncertainty.results import HEADLINE, MEASURES, OTHERS, PRIORS, Source, Uncertainty
from studies.uncertainty.study import Draws, drawn, labels_of, of_draws, of_scenarios, of_seeds, usable, worlds

QUARTERS = 6
ALLOWED = ("90 percent", "H100")
"""Numbers that are words: the size of the intervals, and the name of a chip."""


@pytest.fixture(scope="module")
def baseline():
    return changed(load("baseline"), {"run.quarters": QUARTERS})


@pytest.fixture(scope="module")
def world(baseline):
    pair = (baseline, twin_of(baseline))
    found = [run_histories(starts(one, range(1, 3)), behaviour(one), True, "numpy") for one in pair]
    return World(*pair, (1, 2), *found)


@pytest.fixture(scope="module")
def told():
    return page.read_findings()


# The page


def test_the_page_is_what_template_and_numbers_give(told):
    assert (page.DOCS / page.PAGE).read_text(encoding="utf8") == page.render(told)


def test_every_figure_of_the_page_is_there(told):
    pictures_of = re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.render(told))
    assert len(pictures_of) == 6
    assert all((page.DOCS / name).is_file() for name in pictures_of)


def test_no_number_stands_in_the_template():
    text = page.TEMPLATE.read_text(encoding="utf8")
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL)
    for word in ALLOWED:
        text = text.replace(word, "")
    assert not re.findall(r"\S*\d\S*", text)
    counted = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice|double"
    assert not re.findall(rf"\b(?:{counted}|half|thirds?|fifths?|tenths?)\b", text, flags=re.IGNORECASE)


@pytest.mark.parametrize("module", [sentences, words])
def test_no_number_stands_in_the_words(module):
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf8"))
    formats = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and node.format_spec
        for part in ast.walk(node.format_spec)
    }
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    said = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in formats
        and id(node) not in notes
    ]
    assert said
    assert {text for text in said if re.search(r"\d", text)} <= {"0"}


def test_the_template_asks_for_nothing_that_was_not_found(told):
    from jinja2 import UndefinedError

    less = copy.deepcopy(told)
    del less["worlds"]["baseline"]["whole"]["caused"]["gpu_capex_usd_bn"]
    with pytest.raises(UndefinedError):
        page.render(less)


def test_words_follow_the_numbers(told):
    """Turn the effects round and widen them: the page says the opposite, or that it cannot be told."""
    other = copy.deepcopy(told)
    caused = other["worlds"]["baseline"]["past"]["caused"]["gpu_capex_usd_bn"]
    caused.update(mean=-2.0, low=-3.0, high=-1.0, decided=True, none=False)
    for row in other["rates"]["behaviours"]:
        row["change"].update(mean=0.5, low=0.4, high=0.6)
    for one in other["bets"]["worlds"]:
        one["verdict"] = "coin"
    text = page.render(other)
    assert "Without it they would have bought\n  USD 2.00 bn more (USD 1.00 to 3.00 bn)." in text
    assert "Lower rates mean more of the issuers' money for AI" in text
    assert "A wrong bet is only tuition in 0 of" in text
    caused.update(low=-3.0, high=1.0, decided=False)
    ends = "(USD \N{MINUS SIGN}3.00 to 1.00 bn)"
    assert f"USD 2.00 bn more {ends}, which is not told from no difference" in page.render(other)


def test_a_trial_run_says_so(told):
    assert ("A trial run" in page.render(told)) is not told["made"]["full"]
    assert "A trial run" in page.render({**told, "made": {**told["made"], "full": False}})


def test_missing_and_damaged_findings_are_told_in_one_line(tmp_path):
    with pytest.raises(ScenarioError, match="no findings yet"):
        page.read_findings(tmp_path)
    (tmp_path / "findings").mkdir()
    (tmp_path / page.HOME).write_text("{")
    with pytest.raises(ScenarioError, match="damaged"):
        page.read_findings(tmp_path)


# Sentences


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ((0.8, 0.7, 0.9), "other money makes up for 80 percent"),
        ((1.4, 1.2, 1.6), "more than makes up"),
        ((0.3, -0.2, 0.8), "whether other money makes up for any"),
        ((-0.5, -0.7, -0.3), "follows the interest"),
    ],
)
def test_crowding_out_is_told_as_it_is(ends, says):
    assert says in sentences.crowding(dict(zip(("mean", "low", "high"), ends, strict=True)))
    assert "cannot be told" in sentences.crowding(None)


def test_whose_money_steps_in_is_ranked_and_only_what_is_decided():
    made = {
        name: {"mean": mean, "decided": decided}
        for name, mean, decided in (
            ("credit", -1.0, True),
            ("investor_capital", -3.0, True),
            ("customer_revenue", 0.5, True),
            ("opening_cash", -9.0, False),
            ("bill_interest", 5.0, True),
        )
    }
    said = sentences.stepping_in(made)
    assert said.index("investors' capital") < said.index("credit")
    assert "customers" not in said
    assert "cash" not in said
    assert "bill interest" not in said


def test_small_numbers_are_zero_and_minus_is_a_minus():
    assert words.bn(-0.0001) == "0" == words.signed(0.0004)
    assert words.signed(-1.234) == "\N{MINUS SIGN}1.23"
    assert words.span({"low": -0.0001, "high": 12.34}) == "0 to 12.3"
    assert words.count(11462.3) == "11,500"


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="nan among the findings"):
        rounded({"a": [float("nan")]})
    assert rounded({"a": (np.float64(1.23456789), np.int64(3), True)}) == {"a": [1.23457, 3, True]}


# The numbers


def test_uses_of_an_ensemble_are_those_of_its_runs(world, tmp_path):
    """At first hand and in the end, as the run's own tables have them."""
    run = sim.run("baseline", seed=2, quarters=QUARTERS, out=tmp_path / "run", figures=False)
    ours = {use: float(amount[1]) for use, amount in uses.direct_uses(world.found).items()}
    theirs = direct_uses(run).set_index("use")["usd_bn"]
    assert set(ours) == set(theirs[theirs != 0.0].index)
    assert ours == pytest.approx({use: theirs[use] for use in ours}, abs=1e-9)
    ends = {use: float(amount[1]) for use, amount in uses.final_uses(world.found).items()}
    table = final_uses(run)
    spent = table[table["group"] == "spent"].set_index("use")["usd_bn"].to_dict()
    assert ends.pop(uses.STILL_HELD) == pytest.approx(table.loc[table["group"] != "spent", "usd_bn"].sum())
    assert ends == pytest.approx(spent, abs=1e-12)


def test_a_history_that_is_cut_is_a_history(world, baseline):
    short = changed(baseline, {"run.quarters": 3})
    found = run_histories(starts(short, range(1, 3)), behaviour(short), True, "numpy")
    assert np.array_equal(cut(world.found, 3).paths, found.paths)
    assert np.array_equal(cut(world.found, 3).flows, found.flows)


def test_a_world_is_told_as_accounting_and_cause(world):
    found = summary_of(world)
    whole = found["whole"]
    assert windows(world.scenario) == {"past": QUARTERS, "whole": QUARTERS}
    assert whole == found["past"]
    outcomes = world.found.outcomes()
    assert whole["paid"]["interest_usd_bn"]["mean"] == pytest.approx(outcomes["interest_usd_bn"].mean())
    caused = outcomes["gpu_capex_usd_bn"] - world.alone.outcomes()["gpu_capex_usd_bn"]
    assert whole["caused"]["gpu_capex_usd_bn"]["mean"] == pytest.approx(caused.mean())
    by_origin = sum(part["mean"] for part in whole["by_origin"].values())
    assert by_origin == pytest.approx(caused.mean())
    assert whole["paid"]["neurotech_stakes_usd_bn"]["mean"] > 0.0
    stakes = sum(whole["paid"][f"{kind}_stakes_usd_bn"]["mean"] for kind in ("neurotech", "robotics"))
    flow = uses.with_interest(world.found, "issuer_venture_equity").sum(axis=1).mean()
    assert stakes == pytest.approx(flow)
    assert world.twin.redeployment["redeployment"].value == 0.0


# Uncertainty by source


def made_up(ends, kind, labels=()):
    """A source whose lines rise to given ends."""
    lines = np.linspace(0.0, 1.0, QUARTERS + 1)[None] * np.array(ends, float)[:, None]
    return Source(kind, 7 * len(ends), {measure.name: lines for measure in MEASURES}, labels)


@pytest.fixture
def apart(baseline):
    sources = {
        "seed": made_up([1.0, 2.0, 3.0], "seed"),
        "parameters": made_up([0.0, 4.0, 9.0], "parameters"),
        "scenario": made_up([2.0, 1.0, 3.0, 2.5, 6.0], "scenario", tuple("ABCDE")),
    }
    return Uncertainty(sources, labels_of(baseline), PRIORS, 1, "Baseline")


def test_the_widest_source_is_the_widest(apart):
    assert apart.widest(HEADLINE.name) == ["parameters", "scenario", "seed"]
    assert apart.sources["scenario"].ends(HEADLINE.name) == (1.0, 2.5, 6.0)  # all of them, none left out
    assert apart.sources["seed"].ends(HEADLINE.name) == pytest.approx((1.1, 2.0, 2.9))
    said = fans.words(apart, HEADLINE)
    assert said.index("parameters") < said.index("scenario") < said.index("seed")


@pytest.mark.parametrize("measures", [(HEADLINE,), OTHERS])
def test_fans_stand_apart_on_the_same_axes_and_say_what_they_are(apart, measures):
    figure = fans.draw(apart, measures)
    panels = figure.axes
    assert len(panels) == 3 * len(measures)
    for row in range(len(measures)):
        assert len({axes.get_ylim() for axes in panels[3 * row : 3 * row + 3]}) == 1
    titles = [axes.get_title(loc="left") for axes in panels[:3]]
    assert titles[0] == "Seed: 21 histories"
    assert titles[1] == "Parameters: 21 histories"
    assert titles[2] == "Scenario: 5, of 7 histories each"
    said = " ".join(text.get_text() for text in figure.texts)
    assert "draws of the priors" in said
    assert "seed 1" in said
    assert "the estimate to 2025Q1" in " ".join(
        text.get_text() for text in fans.draw(replace(apart, drawn_from="2025Q1"), measures).texts
    )


def test_sources_hold_what_was_run(world):
    seeds = of_seeds(world.found)
    path = world.found.paths[..., world.found.names.index(HEADLINE.name)]
    assert seeds.lines[HEADLINE.name][:, -1] == pytest.approx(path.sum(axis=1))
    scenarios = of_scenarios({"On": world.found, "Off": world.alone})
    assert scenarios.histories == 4
    assert scenarios.labels == ("On", "Off")
    assert scenarios.lines["tokens_usd_bn"][0] == pytest.approx(seeds.lines["tokens_usd_bn"].mean(axis=0))


def test_a_draw_at_the_scenarios_own_values_is_the_scenario(world, baseline):
    problem = load_problem(scenario=baseline)
    draws = Draws(baseline, problem, problem.current()[None])
    assert draws.opens().all()
    found = run_histories(draws.starts(np.array([True]), 1), behaviour(baseline), True, "numpy")
    assert usable(found).all()
    assert found.paths[0] == pytest.approx(world.found.paths[0], rel=1e-9, abs=1e-12)
    assert of_draws(found, 2).left_out == 2


def test_draws_of_priors_stay_within_what_is_allowed(baseline):
    problem = load_problem(scenario=baseline)
    values = drawn(problem, 40, PRIORS)
    low, high = (problem.values(np.array(end)) for end in problem.bounds)
    assert values.shape == (40, len(problem.keys))
    assert ((values >= low) & (values <= high)).all()
    assert (values.std(axis=0) > 0.0).all()
    with pytest.raises(ScenarioError, match="no such record"):
        drawn(problem, 2, "1999Q1")


def test_the_worlds_are_those_that_run_beside_the_baseline():
    names = [scenario.name for scenario in worlds(load("baseline"))]
    assert names[0] == "baseline"
    assert len(names) == len(set(names)) > 10
    assert not {"no-redeployment", "zero-behaviour", "run-on-usdt", "bank-failure"} & set(names)
    assert all(load(name).redeployment["redeployment"].value > 0.0 for name in names)
    assert REDEPLOYMENT == "redeployment.redeployment"


def test_figures_of_the_findings_say_what_the_numbers_say(told):
    paid = pictures.draw_paid(told)
    axes = paid.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][::-1] == [
        told["worlds"][name]["title"] for name in told["order"]
    ]
    ends = [told["worlds"][name]["whole"]["paid"]["interest_funded_gpu_usd_bn"]["mean"] for name in told["order"]]
    assert ends == sorted(ends, reverse=True)
    shown = pictures.draw_uses(told).axes[0].get_yticklabels()
    assert 5 < len(shown) <= len(told["uses"]["whole"]["direct"])


def test_an_effect_is_written_with_its_interval():
    found = effect_of(effect(np.array([2.0, 3.0, 4.0]), np.array([1.0, 1.0, 1.0])))
    assert found["mean"] == 2.0
    assert found["low"] < 2.0 < found["high"]
    assert found["decided"]
    assert (found["with"], found["without"]) == (3.0, 1.0)
