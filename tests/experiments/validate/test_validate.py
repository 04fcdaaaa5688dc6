"""The fact table: every fact is there, every verdict is computed, and no result is fed by its own answer."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from support.sampling import sampled

import sim
from sim.analysis.facts import facts_of, load_facts
from sim.analysis.facts.evidence import data_row
from sim.analysis.facts.readings import FactNumber, read
from sim.analysis.facts.schema import FACTS
from sim.analysis.facts.table import fact_table
from sim.errors import ScenarioError
from sim.experiments.validate import validate
from sim.scenario.load import load
from sim.scenario.schema import Quantity

IDS = [
    "tether_interest_2024",
    "tether_profit_2024",
    "tether_profit_interest_2024",
    "tether_profit_gains_2024",
    "tether_profit_other_2024",
    "tether_profit_per_head_2024",
    "tether_tokens_2024Q4",
    "tether_treasuries_2024Q4",
    "circle_reserve_income_2024",
    "circle_distribution_2024",
    "openai_revenue_2024",
    "openai_loss_2024",
    "anthropic_revenue_2024",
    "anthropic_loss_2024",
    "profit_minus_lab_losses_2024",
    "openai_rd_2025h1",
    "anthropic_raised_2024",
    "compute_loan_northern_data",
    "northern_data_gpus_2024",
    "neurotech_stake_2024",
    "ai_outlay_to_2025",
    "ai_outlay_with_robotics",
    "break_even_openai",
    "break_even_anthropic",
    "bill_rate_2025Q2",
    "gpu_rent_2024Q3",
    "gpu_rent_2025Q2",
    "neurotech_implants",
    "open_data_fields",
]
# What must move an emergent number: nothing else may decide it.
MOVES = {
    "terms of trade": (
        {"history.until": "none", "reserve.tax_rate": 0.2, "tokens.demand_growth": 0.1},
        [
            "tether_profit_2024",
            "tether_profit_interest_2024",
            "tether_profit_gains_2024",
            "tether_profit_per_head_2024",
            "profit_minus_lab_losses_2024",
        ],
    ),
    "the labs": (
        {"labs_market.market_potential": 1500.0, "labs_market.compute_share": 0.5},
        ["openai_rd_2025h1", "break_even_openai", "break_even_anthropic"],
    ),
}
TEXT = FACTS.read_text(encoding="utf8")


@pytest.fixture(scope="module")
def facts():
    return load_facts()


@pytest.fixture(scope="module")
def table():
    return validate(runs=3, workers=1)


def edited(tmp_path, *changes, name="facts.toml"):
    """The file of facts with some text replaced."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text, encoding="utf8")
    return path


def test_every_fact_is_there(facts, table):
    assert list(facts.facts) == IDS
    assert [row.id for row in table.rows] == IDS
    assert [row.id for row in table.rows if row.model is None] == ["open_data_fields"]


def test_verdicts_follow_from_the_numbers(table):
    """Recomputed here from the row's own figures."""
    judged = 0
    for row in table.rows:
        if row.kind == "input" or row.evidence_low is None or row.model is None:
            assert row.ok is None, row.id
            assert row.verdict, row.id
            continue
        middle = (row.evidence_low + row.evidence_high) / 2.0
        low, high = min(row.evidence_low, 0.95 * middle), max(row.evidence_high, 1.05 * middle)
        if row.unit == "year":
            low, high = row.evidence_low - 0.5, row.evidence_high + 0.5
        assert row.ok is (low <= row.model <= high), row.id
        assert ("agrees" in row.verdict) is row.ok
        judged += 1
    assert judged == 24
    assert sum(sum(part.values()) for part in table.counts.values()) == len(IDS)


def test_a_narrower_range_turns_the_verdict(tmp_path, facts, table):
    seeds, found = table.seeds, [_as_found(table)] * 3
    before = fact_table(facts, table.scenario, seeds, found)
    assert before["tether_interest_2024"].ok is True
    assert before["tether_profit_2024"].ok is False
    old = "evidence_low = 5.0\nevidence_high = 6.5"
    narrow = load_facts(edited(tmp_path, (old, "evidence_low = 6.0\nevidence_high = 6.5")))
    after = fact_table(narrow, table.scenario, seeds, found)["tether_interest_2024"]
    assert after.ok is False
    assert "below the evidence" in after.verdict
    wide = load_facts(edited(tmp_path, ("evidence_low = 13.0", "evidence_low = 9.0")))
    assert fact_table(wide, table.scenario, seeds, found)["tether_profit_2024"].ok is True


def _as_found(table):
    rows = (*table.rows, *table.stylised)
    return {row.id: FactNumber(row.model) if row.model is not None else FactNumber(None, "none") for row in rows}


def test_article_and_evidence_are_set_side_by_side(tmp_path, facts, table):
    apart = {row.id for row in table.rows if row.disagreement is not None}
    assert {"tether_interest_2024", "tether_treasuries_2024Q4", "anthropic_revenue_2024"} <= apart
    assert not {"tether_profit_2024", "openai_loss_2024", "northern_data_gpus_2024", "ai_outlay_to_2025"} & apart
    assert table["tether_interest_2024"].disagreement == "the article's 7 is above the evidence, 5 to 6.5"
    old = "article = 7.0\nevidence_low = 5.0"
    agreed = load_facts(edited(tmp_path, (old, old.replace("7.0", "6.2"))))
    rows = fact_table(agreed, table.scenario, table.seeds, [_as_found(table)] * 3)
    assert rows["tether_interest_2024"].disagreement is None


def test_the_answer_does_not_feed_the_model(tmp_path, facts, table):
    """Another article and other evidence leave the model's numbers alone."""
    text = re.sub(r"(?m)^(article) = (\d+\.\d+)", lambda m: f"{m[1]} = {3.0 * float(m[2])}", TEXT)
    text = re.sub(r"(?m)^(evidence\w*) = (\d+\.\d+)", lambda m: f"{m[1]} = {5.0 * float(m[2])}", text)
    path = tmp_path / "facts.toml"
    path.write_text(text.replace('evidence_high = "issuers|Tether|2024FY|net_profit"', "evidence_high = 99.0"))
    other = validate(runs=1, facts=path, changes={"run.quarters": 8}, workers=1)
    same = validate(runs=1, changes={"run.quarters": 8}, workers=1)
    assert other["tether_profit_2024"].evidence_low == 65.0
    assert [row.model for row in other.rows] == [row.model for row in same.rows]


def test_no_result_is_read_from_the_data_it_is_judged_by(facts):
    """The scenario is fed by none of the rows that emergent and calibrated facts are judged by."""
    fed = set(_data_rows(load("baseline")))
    assert len(fed) > 20
    for name, fact in facts.all.items():
        if fact.kind != "input":
            assert not fed & set(fact.rows), name
    assert fed & set(facts.facts["compute_loan_northern_data"].rows), "the check sees what is fed in"


def _data_rows(part):
    if isinstance(part, Quantity):
        yield from part.data
    elif isinstance(part, dict):
        for item in part.values():
            yield from _data_rows(item)
    elif isinstance(part, tuple):
        for item in part:
            yield from _data_rows(item)
    elif hasattr(type(part), "model_fields"):
        for _, item in part:
            yield from _data_rows(item)


def test_what_was_fitted_is_named(facts):
    baseline = load("baseline")
    for name, fact in facts.all.items():
        for key in fact.fitted:
            section, *rest = key.split(".")
            number = getattr(baseline, section)
            for step in rest:
                number = number[step] if isinstance(number, dict) else getattr(number, step)
            assert number.kind in ("calibrated", "assumption"), (name, key)
        assert bool(fact.fitted) is (fact.kind == "calibrated"), name


def test_every_emergent_row_is_moved_by_something(facts):
    emergent = {name for name, fact in facts.all.items() if fact.kind == "emergent"}
    assert emergent == {name for _, rows in MOVES.values() for name in rows}


@pytest.mark.parametrize("what", sampled(MOVES, ["the labs"]))
def test_emergent_rows_move_with_what_they_come_from(what):
    changes, rows = MOVES[what]
    before, after = validate(runs=1, workers=1), validate(runs=1, changes=changes, workers=1)
    for name in rows:
        old, new = before[name].model, after[name].model
        assert old is not None, name
        assert new is None or abs(new - old) > 1e-3 * abs(old) or (old > 2000.0 and new != old), name


def test_inputs_do_not_change_over_seeds_and_the_others_do(table):
    for row in (*table.rows, *table.stylised):
        if row.kind == "input":
            assert row.ok is None
            assert row.model is None or row.interval == pytest.approx((row.model, row.model), rel=1e-12), row.id
            assert row.verdict.startswith("input")
        elif row.unit != "year":
            assert row.interval[0] < row.interval[1], row.id
    scenario = validate(runs=2, changes={"ventures.blackrock.milestones": 10.0, "run.quarters": 8}, workers=1)
    assert scenario["neurotech_implants"].model == pytest.approx(100.0 * 10.0 / 14.0)


def test_a_rate_that_is_not_followed_is_no_input():
    found = validate(runs=3, changes={"history.until": "2024Q4", "run.quarters": 8}, workers=1)["bill_rate_2025Q2"]
    assert found.kind == "emergent"
    assert found.ok is not None
    assert found.interval[0] < found.interval[1]


def test_short_histories_say_so():
    found = validate(runs=1, changes={"run.quarters": 4}, workers=1)
    assert found["tether_profit_2024"].model is not None
    assert found["tether_profit_2024"].interval is None
    late = found["openai_rd_2025h1"]
    assert (late.model, late.ok, late.verdict) == (None, None, "the history ends in 2024Q4, before 2025Q2")
    assert found["break_even_openai"].model is None
    assert found["break_even_openai"].verdict == "not by 2024, when the history ends"


def test_a_run_folder_gives_what_the_ensemble_gives(tmp_path):
    run = sim.run("baseline", seed=2, quarters=9, out=tmp_path / "run", figures=False)
    folder = facts_of(run)
    memory = validate(runs=1, seed=2, changes={"run.quarters": 9}, workers=1)
    for one, other in zip(folder.rows + folder.stylised, memory.rows + memory.stylised, strict=True):
        assert replace(one, model=None) == replace(other, model=None)
        assert one.model == (None if other.model is None else pytest.approx(other.model, rel=1e-12)), one.id
    given = facts_of(run, load("baseline", {"issuers.tether.headcount": 250.0}))
    halved = given["tether_profit_per_head_2024"].model
    assert halved == pytest.approx(folder["tether_profit_per_head_2024"].model / 2.0)


@pytest.mark.slow
def test_workers_do_not_change_the_answer():
    one, two = (validate(runs=3, changes={"run.quarters": 4}, workers=count) for count in (1, 2))
    assert one.rows == two.rows
    with pytest.raises(ScenarioError, match="allowed: 1 or more"):
        validate(runs=2, workers=0)
    with pytest.raises(ScenarioError, match="at least 1 history"):
        validate(runs=0)


# The first profitable year, on tables made by hand.


def made(profits, alive=None, quarters=12):
    """Tables of a lab with these profits by year."""
    labels = [f"{2023 + (3 + step) // 4}Q{(3 + step) % 4 + 1}" for step in range(quarters + 1)]
    rows = [
        {"quarter": q, "population": "labs", "agent": "OpenAI", "measure": m, "value": v}
        for q in labels
        for m, v in (("net_income", profits.get(int(q[:4]), -1.0) / 4.0), ("alive", 1.0 if alive is None else alive(q)))
    ]
    return SimpleNamespace(series=pd.DataFrame({"quarter": labels}), agents=pd.DataFrame(rows))


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    begin, end = TEXT.index("[facts.break_even_openai]"), TEXT.index("[facts.break_even_anthropic]")
    path = tmp_path_factory.mktemp("facts") / "years.toml"
    path.write_text(TEXT[: TEXT.index("# ---")] + TEXT[begin:end], encoding="utf8")
    return load_facts(path)


def year(years, *tables):
    scenario = load("baseline")
    found = [read(years, one, scenario) for one in tables]
    return fact_table(years, scenario, range(len(found)), found)["break_even_openai"]


def test_the_first_profitable_year_is_the_first_year_with_a_profit(years):
    assert year(years, made({2025: 0.4, 2026: 9.0})).model == 2025.0
    # A year of which the history has only a part cannot be judged.
    assert year(years, made({2026: 9.0}, quarters=11)).model is None


def test_a_year_beyond_the_end_is_not_made_up(years):
    late = made({})
    row = year(years, late)
    assert (row.model, row.ok) == (None, None)
    assert row.verdict == "not by 2026, when the history ends"
    long = year(years, made({}, quarters=32))
    assert long.ok is False
    assert "later than the evidence" in long.verdict
    mixed = year(years, made({2025: 1.0}), made({2026: 1.0}), late)
    assert mixed.model == 2026.0
    assert "median" in mixed.verdict
    assert "1 of 3 histories" in mixed.verdict
    assert mixed.interval == (2025.0, None)
    most = year(years, made({2025: 1.0}), late, late)
    assert most.model is None
    assert most.ok is None


def test_a_lab_that_failed_has_no_such_year(years):
    gone = made({2026: 5.0}, alive=lambda quarter: 0.0 if quarter == "2025Q2" else 1.0)
    row = year(years, gone)
    assert row.model is None
    assert row.verdict.startswith("the lab fails before")


def test_who_is_not_in_the_scenario_is_missed(years):
    tables = made({2025: 1.0})
    tables.agents["agent"] = "Another"
    row = year(years, tables)
    assert (row.ok, row.verdict) == (None, "the scenario has no OpenAI among its labs")


# Mistakes in the file of facts


QVAC = 'kind = "input"\nsource = ["deals|Tether|QVAC'
MISTAKES = {
    "unknown key": ("article = 3.7", "artikel = 3.7", "artikel"),
    "unknown kind": (QVAC, QVAC.replace("input", "guess"), "guess"),
    "upside down": ("evidence_low = 5.0\nevidence_high = 6.5", "evidence_low = 7.0\nevidence_high = 6.5", "above"),
    "half a range": ("evidence_low = 2.2\n", "", "go together"),
    "no such row": ("labs|OpenAI|2025H1|r_and_d", "labs|OpenAI|2025H1|r_and_b", "did you mean"),
    "no such flow": ("flows|issuer_venture_equity|Tether|Blackrock Neurotech", "flows|gift|Tether|x", "gift"),
    "no such table": ("agents|labs|OpenAI|research", "agent|labs|OpenAI|research", "did you mean 'agents'"),
    "a result as an input": ("scenario|facilities.0.amount", "agents|issuers|Tether|tokens", "is no input"),
    "nothing fitted": ('fitted = ["providers.northern_data.expansion"]\n', "", "fitted"),
    "no period": ('quarters = "2024Q3"', 'quarters = "2024Q7"', "2024Q7"),
    "twice": ("[stylised.largest_lab_2024]", "[stylised.openai_loss_2024]", "only one of them"),
    "no TOML": ("[facts.gpu_rent_2024Q3]", "[facts.gpu_rent_2024Q3", "not valid TOML"),
    "a word for a number": ("article = 19.0", 'article = "many"', "many"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_in_a_line(tmp_path, mistake):
    old, new, told = MISTAKES[mistake]
    path = edited(tmp_path, (old, new), name="mine.toml")
    with pytest.raises(ScenarioError) as caught:
        load_facts(path)
    message = str(caught.value)
    assert "mine.toml" in message
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("old", "new"),
    [("agents|labs|OpenAI|research", "agents|labs|OpenAI|researcher"), ("series|bill_rate", "series|bill_rat")],
)
def test_a_measure_that_there_is_none_of_is_told_when_it_is_read(tmp_path, old, new):
    path = edited(tmp_path, (old, new))
    with pytest.raises(ScenarioError, match=r"unknown measure .*, did you mean"):
        validate(runs=1, facts=path, changes={"run.quarters": 2}, workers=1)


def test_rows_of_every_kind_of_file_are_found():
    assert data_row("deals|Tether|Blackrock Neurotech|2024-04-29").value == pytest.approx(0.2)
    wide = data_row("rates|2025Q2|tbill_3m_avg_pct")
    assert wide.value == 4.34
    assert len(wide.sources) == 2
    for wrong in ("labs|OpenAI", "rates|2025Q2|nothing", "labs|OpenAI|2024FY|nothing", "rates|a|b|c"):
        with pytest.raises(ValueError, match=re.escape(wrong)):
            data_row(wrong)


# The command line


def capflow(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-c", "from sim.cli import main; main()", "validate", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )


def test_the_command_answers_in_json(tmp_path):
    options = ("--runs", "2", "--workers", "1", "--seed", "5", "--set", "run.quarters=8")
    done = capflow(*options, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["scenario"], answer["seed"], answer["runs"]) == ("baseline", 5, 2)
    assert [row["id"] for row in answer["facts"]] == IDS
    assert "two_coins_2025Q2" in [row["id"] for row in answer["stylised"]]
    for row in answer["facts"] + answer["stylised"]:
        assert {"id", "article", "evidence_low", "evidence_high", "model", "kind", "ok", "source"} <= set(row)
    wanted = validate(runs=2, seed=5, workers=1, changes={"run.quarters": 8}).to_dict()
    assert answer["facts"] == json.loads(json.dumps(wanted["facts"]))
    assert not list(tmp_path.iterdir()), "nothing is written"


@pytest.mark.slow
def test_the_command_shows_a_table(tmp_path):
    done = capflow("--runs", "2", "--workers", "1", "--set", "run.quarters=8", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("Tether", "evidence", "Where the article and the evidence disagree", "numbers agree with"):
        assert words in " ".join(done.stdout.split()), words
    assert max(map(len, done.stdout.splitlines())) <= 100
    for cell in ("agrees", "90 percent", "18,000 to 20,000"):
        assert cell in done.stdout, "nothing is cut off"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--facts", "none.toml"), "none.toml"),
        (("--runs", "0"), "at least 1"),
        (("nowhere",), "unknown scenario"),
        (("--set", "issuers.tether.headcount=-1"), "headcount"),
    ],
)
def test_the_command_explains_mistakes(tmp_path, arguments, told):
    done = capflow(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert not done.stdout
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_no_compiler_is_needed(tmp_path):
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "import sim; found = sim.validate(runs=1, changes={'run.quarters': 2}, workers=1); print(len(found.rows))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(len(IDS)), done.stderr
