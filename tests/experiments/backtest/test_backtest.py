"""Forecasts from past origins: scores on known cases, benchmarks, where they start, and what must not be known."""

import json
from itertools import pairwise

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.command import capflow

from sim.errors import ScenarioError
from sim.experiments.backtest import Backtest, backtest, console, summary
from sim.experiments.backtest.benchmarks import AUTOREGRESSION, BENCHMARKS, RANDOM_WALK, TREND, forecast
from sim.experiments.backtest.forecasts import rows_of
from sim.experiments.backtest.known import known, wanted
from sim.experiments.backtest.model_forecasts import FROM_OPENING, MODEL, InSampleFit, draw, run, simulator_to
from sim.experiments.backtest.settings import load_settings
from sim.experiments.backtest.summary import QUANTILES, crps_of_draws, crps_of_normal, diebold_mariano, score
from sim.experiments.calibrate.history import Series, load_history
from sim.experiments.calibrate.results import Record, load_record
from sim.experiments.calibrate.settings import load_problem
from sim.opening import open_economy
from sim.runs.kinds import KINDS, kind_of
from sim.scenario.data import read_series
from studies.backtest import __main__ as writer

ORIGIN, DRAWS, SEED = "2024Q4", 3, 5
SETTINGS = load_settings()
QUARTERS = [f"{year}Q{quarter}" for year in (2023, 2024) for quarter in (1, 2, 3, 4)]


def series(values, **changes):
    """A made series with figures by period."""
    made = {"label": "made", "group": "supply", "unit": "USD bn", "source": ("made",), "total": "last"}
    read = {"of": ("series|tokens_usd_bn",), "error": 0.01}
    return Series(**{**made, **read, "points": values, **changes})


def by_quarter(values, **changes):
    return series(dict(zip(QUARTERS, values, strict=False)), **changes)


def moved(one, moves):
    """A series with figures by period that are moved."""
    points = {period: moves(period, value) for period, value in one.observed.items()}
    return one.model_copy(update={"data": None, "points": points, "base": None, "source": ("made",)})


def estimate(folder, problem, quarter, last=None):
    """Write a record of an estimate that is just what was believed before."""
    parameters = {key: {"place": 0.0, "estimate": 0.0, "identified": None} for key in problem.keys}
    covariance = (0.05 * np.eye(len(problem.keys))).tolist()
    window = {"first": "2024Q1", "last": last or quarter}
    raw = {"window": window, "parameters": parameters, "covariance": covariance}
    path = folder / f"{quarter}.json"
    path.write_text(json.dumps(raw), encoding="utf8")
    return path


@pytest.fixture(scope="module")
def problem():
    return load_problem()


@pytest.fixture(scope="module")
def history():
    return {name: one for name, one in load_history().items() if one.group in SETTINGS.groups}


@pytest.fixture(scope="module")
def record(problem, tmp_path_factory):
    return load_record(estimate(tmp_path_factory.mktemp("estimates"), problem, ORIGIN))


@pytest.fixture(scope="module")
def simulator(problem, history):
    return simulator_to(problem, history, SETTINGS.last, ORIGIN, "numpy")


@pytest.fixture(scope="module")
def histories(simulator, record):
    return run(simulator, record, DRAWS, SEED)


@pytest.fixture
def drawn(histories):
    """Draws the forecasts from other figures, on the same few histories of the model."""

    def of(figures):
        there = {name: known(one, ORIGIN, SETTINGS.benchmarks.first) for name, one in figures.items()}
        return there, draw(histories, there, ORIGIN, SETTINGS.last, SEED)

    return of


def test_crps_of_a_normal_distribution_is_that_of_the_closed_form():
    z = (1.5 - 1.0) / 2.0
    known_form = 2.0 * (z * (2.0 * stats.norm.cdf(z) - 1.0) + 2.0 * stats.norm.pdf(z) - 1.0 / np.sqrt(np.pi))
    assert crps_of_normal(1.0, 2.0, 1.5) == pytest.approx(known_form)
    draws = np.random.default_rng(1).normal(1.0, 2.0, 20_000)
    assert crps_of_draws(draws, 1.5) == pytest.approx(known_form, rel=0.02)
    assert crps_of_draws(np.array([2.0, 2.0]), 1.5) == pytest.approx(0.5), "of a sure forecast it is the error"


def test_bands_of_the_truth_cover_what_they_should():
    generator = np.random.default_rng(2)
    centres, actuals = generator.normal(size=(2, 2000)) * np.array([[3.0], [1.0]])
    quantiles = stats.norm.ppf(QUANTILES)
    scores = [score(centre + quantiles, 0.0, centre + actual) for centre, actual in zip(centres, actuals, strict=True)]
    error, _, inside_50, inside_90 = np.array(scores).T
    assert inside_50.mean() == pytest.approx(0.5, abs=0.04)
    assert inside_90.mean() == pytest.approx(0.9, abs=0.025)
    assert error == pytest.approx(-actuals)


def test_diebold_mariano_one_quarter_ahead_is_students_test_of_the_loss_differences():
    mine, other = np.random.default_rng(3).normal(size=(2, 7)) * np.array([[0.5], [1.0]])
    found = diebold_mariano(mine, other, 1, 3)
    student = stats.ttest_1samp(mine**2 - other**2, 0.0)
    assert (found.statistic, found.p_value) == pytest.approx((student.statistic, student.pvalue))
    assert diebold_mariano(mine[:2], other[:2], 1, 3).statistic is None
    assert "too few" in diebold_mariano(mine[:3], other[:3], 3, 3).why, "the factor for few forecasts is zero"


def test_a_trend_beats_the_random_walk_where_there_is_one():
    values = 100.0 * np.exp(0.1 * np.arange(8) + np.array([0.0, 0.01, -0.01, 0.01, 0.0, -0.01, 0.01, 0.0]))
    one = by_quarter(values)
    there = known(one, "2024Q1", "2023Q1")
    errors = {}
    for method in BENCHMARKS:
        found = [forecast(method, there, period, SETTINGS.benchmarks) for period in QUARTERS[5:]]
        errors[method] = [normal.mean - np.log(value) for normal, value in zip(found, values[5:], strict=True)]
        assert all(a.deviation < b.deviation for a, b in pairwise(found)), "bands widen"
    assert errors[RANDOM_WALK] == pytest.approx([-0.1, -0.2, -0.3], abs=0.03)
    assert np.abs(errors[TREND]).max() < 0.03


def test_an_autoregression_finds_growth_that_halves_every_quarter():
    growth = 0.02 + 0.4 * 0.5 ** np.arange(7)
    values = 10.0 * np.exp(np.concatenate([[0.0], np.cumsum(growth)]))
    there = known(by_quarter(values), "2024Q1", "2023Q1")
    found = [forecast(AUTOREGRESSION, there, period, SETTINGS.benchmarks) for period in QUARTERS[5:]]
    assert [normal.rule for normal in found] == [AUTOREGRESSION] * 3
    assert [normal.mean for normal in found] == pytest.approx(np.log(values[5:]))


def test_too_few_figures_are_named_and_never_passed_over():
    there = known(by_quarter([1.0, 1.1, 1.2, 1.3]), "2024Q4", "2023Q1")
    instead = forecast(AUTOREGRESSION, there, "2025Q1", SETTINGS.benchmarks)
    assert instead.rule == "random walk: 3 growth rates are known, AR(1) needs 4"
    assert instead.mean == forecast(RANDOM_WALK, there, "2025Q1", SETTINGS.benchmarks).mean
    lonely = forecast(TREND, known(by_quarter([1.0]), "2024Q4", "2023Q1"), "2025Q1", SETTINGS.benchmarks)
    assert lonely.deviation is None
    assert "no band" in lonely.rule
    nothing = known(by_quarter([1.0]), "2022Q4", "2022Q4")
    assert forecast(RANDOM_WALK, nothing, "2025Q1", SETTINGS.benchmarks) is None


def test_a_year_is_set_beside_half_a_year_by_its_quarters():
    one = series({"2023FY": 4.0, "2024FY": 8.0, "2025H1": 9.0}, total="sum", of=("agents|labs|OpenAI|revenue",))
    there = known(one, ORIGIN, "2022Q4")
    assert there.last == "2024FY"
    assert np.exp(there.rates) == pytest.approx([1.0, 2.0])
    assert np.diff(there.times) == pytest.approx([4.0])
    assert wanted(one, ORIGIN, "2025Q2") == ("2025Q1", "2025Q2", "2025H1")
    halves = known(series({"2024FY": 8.0, "2024Q3": 2.1}, total="sum"), ORIGIN, "2022Q4")
    assert list(halves.figures) == ["2024Q3"], "no quarter counts twice"


def test_the_headline_starts_from_the_last_actual_and_the_other_does_not(drawn, history):
    """Twice the last actual is twice the forecast, and one more is one more; the model's own level stays."""
    names = {"tether_tokens": lambda _, value: 2.0 * value, "tether_profit": lambda _, value: value + 1.0}
    plain = {name: history[name] for name in names}
    _, before = drawn(plain)
    _, after = drawn({name: moved(plain[name], move) for name, move in names.items()})
    for period in ("2025Q1", "2025Q2"):
        tokens, profit = (MODEL, "tether_tokens", period), (MODEL, "tether_profit", period)
        assert after.samples[tokens] - before.samples[tokens] == pytest.approx(np.log(2.0))
        assert after.samples[profit] - before.samples[profit] == pytest.approx(1.0)
        for name in names:
            key = (FROM_OPENING, name, period)
            assert after.samples[key] == pytest.approx(before.samples[key])
    assert before.base == {"tether_tokens": "2024Q4", "tether_profit": "2024Q4"}


def test_a_model_that_was_right_at_the_origin_forecasts_the_same_from_there(drawn, history, histories):
    """From an actual that is the model's own number, both ways differ by the error of that actual alone."""
    one = history["vendor_sales"]
    own = histories.simulator.period(one, ORIGIN, histories.paths)[:, 0]
    _, found = drawn({"vendor_sales": moved(one, lambda p, v: float(own[0]) if p == ORIGIN else v)})
    apart = [
        found.samples[MODEL, "vendor_sales", period] - found.samples[FROM_OPENING, "vendor_sales", period]
        for period in ("2025Q1", "2025Q2")
    ]
    assert apart[0] == pytest.approx(apart[1]), "the same shift in every quarter"
    assert abs(apart[0][0]) < 5.0 * one.error


def test_figures_after_the_origin_do_not_move_a_forecast(drawn, history):
    later = {
        name: moved(one, lambda period, value: 3.0 * value if period[:4] > ORIGIN[:4] else value)
        for name, one in history.items()
        if one.base is None
    }
    plain = {name: history[name] for name in later}
    tables = []
    for figures in (plain, later):
        there, found = drawn(figures)
        rows = pd.DataFrame(rows_of(ORIGIN, there, found, SETTINGS))
        tables.append(rows)
    columns = ["series", "period", "method", "rule", "base", "p5", "p25", "p50", "p75", "p95"]
    pd.testing.assert_frame_equal(tables[0][columns], tables[1][columns])
    scored = tables[0]["actual"].notna()
    assert scored.sum() > 100
    assert (tables[0]["actual"] != tables[1]["actual"])[scored].all()


@pytest.mark.parametrize(("from_quarter", "moves"), [("2025Q1", False), ("2024Q4", True)])
def test_rates_and_prices_after_the_origin_do_not_move_a_history(
    problem, history, record, histories, monkeypatch, from_quarter, moves
):
    def other(name):
        return {
            label: {key: 1.5 * value if label >= from_quarter else value for key, value in row.items()}
            for label, row in read_series(name).items()
        }

    monkeypatch.setattr(open_economy, "read_series", other)
    changed = simulator_to(problem, history, SETTINGS.last, ORIGIN, "numpy")
    found = changed.drawn(record.draws(problem, DRAWS, SEED)[:1], [SEED])
    assert np.array_equal(found, histories.paths[:1]) != moves


def table(errors):
    """Forecasts of two made series by model and random walk, with errors by series and method."""
    rows = []
    for name, by_method in errors.items():
        for method in summary.METHODS:
            given = by_method.get(method, by_method[RANDOM_WALK])
            for number, error in enumerate(given):
                at = {"series": name, "group": "supply", "horizon": 1, "method": method}
                at["origin"] = QUARTERS[number]
                told = {"error": error, "crps": abs(error), "inside_50": 0.0, "inside_90": 1.0}
                rows.append({**at, "period": QUARTERS[number + 1], "actual": 1.0, **told})
    return pd.DataFrame(rows)


def test_every_series_counts_by_what_the_random_walk_misses():
    errors = {
        "small": {RANDOM_WALK: [0.1, -0.1], MODEL: [0.05, -0.05]},
        "large": {RANDOM_WALK: [10.0, 10.0], MODEL: [20.0, 20.0]},
        "exact": {RANDOM_WALK: [0.0, 0.0], MODEL: [0.01, 0.01]},
    }
    made = {name: by_quarter([1.0]) for name in errors}
    found = summary.scores(table(errors), made)
    whole = found[(found["group"] == summary.ALL) & (found["horizon"] == summary.ALL)]
    whole = whole[whole["origin"] == summary.ALL].set_index("method")
    assert whole["rmse"][RANDOM_WALK] == pytest.approx(np.sqrt(2.0 / 3.0))
    # The random walk was right about the third: there the error that is declared is the scale.
    assert whole["rmse"][MODEL] == pytest.approx(np.sqrt((0.25 + 4.0 + 1.0) / 3.0))
    assert whole["bias"][MODEL] == pytest.approx((0.0 + 2.0 + 1.0) / 3.0)
    assert whole["forecasts"].tolist() == [6] * len(summary.METHODS)


@pytest.fixture
def small(drawn, history):
    """A backtest of few draws from one origin, with what is told of the fit made up."""
    there, found = drawn(history)
    rows = tuple(rows_of(ORIGIN, there, found, SETTINGS))
    fit = InSampleFit(ORIGIN, {"supply": 8, "gpus": 2}, {"supply": 8, "gpus": 3}, ("made",))
    return Backtest(SETTINGS, (ORIGIN,), DRAWS, SEED, history, rows, fit, ("a.b", "c.d"), {ORIGIN: 1})


def test_the_words_say_where_the_model_loses(small):
    table = small.by_series[small.by_series["comparable"]]
    lost = [
        label
        for label, part in table.groupby("label")
        if part.set_index("method")["rmse"][MODEL] > part.set_index("method")["rmse"][list(BENCHMARKS)].min()
    ]
    assert 0 < len(lost) < table["series"].nunique(), "else there is nothing to see here"
    first = small.words[0]
    compared = table["series"].nunique()
    assert first.startswith(f"The model loses to its best benchmark in {len(lost)} of {compared} series")
    assert {label for label in table["label"] if f"{label} (" in first} == set(lost)
    told = " ".join(small.words)
    for part in ("91 percent of 11 figures", "2 values of the scenario", f"{ORIGIN} 1, of 3"):
        assert part in told


def test_the_page_gets_its_results_and_keeps_the_rest(small, capsys, tmp_path):
    page = writer.PAGE.read_text(encoding="utf8")
    written = writer.rewritten(page, small)
    assert written.partition(writer.BEGIN)[0] == page.partition(writer.BEGIN)[0]
    assert written.partition(writer.END)[2] == page.partition(writer.END)[2]
    console.show(small, tmp_path)
    shown = " ".join(capsys.readouterr().out.split())
    for sentence in small.words:
        assert f"- {sentence}\n" in written
        assert " ".join(sentence.split()) in shown
    with pytest.raises(ScenarioError, match="no lines"):
        writer.rewritten("nothing", small)


@pytest.fixture(scope="module")
def done(problem, tmp_path_factory):
    """The command on one origin and the fewest draws, in NumPy."""
    home = tmp_path_factory.mktemp("home")
    (home / "estimates").mkdir()
    estimate(home / "estimates", problem, "2025Q1")
    options = ("--origin", "2025Q1", "--draws", 20, "--estimates", "estimates", "--engine", "numpy")
    return home, capflow("backtest", *options, "--out", "out", "--json", cwd=home)


def test_the_command_leaves_numbers_forecasts_figures_and_a_report(done):
    home, answer = done
    assert answer.returncode == 0, answer.stderr
    assert kind_of(home / "out") is KINDS["backtest"]
    told = json.loads(answer.stdout)
    kept = json.loads((home / "out" / "backtest.json").read_text(encoding="utf8"))
    assert {key: kept[key] for key in told if key != "backtest_dir"} == {
        key: value for key, value in told.items() if key != "backtest_dir"
    }
    assert told["origins"] == ["2025Q1"]
    assert told["headline"] == MODEL
    whole = [row for row in told["scores"] if row["group"] == row["horizon"] == row["origin"] == summary.ALL]
    assert [row["method"] for row in whole] == list(summary.METHODS)
    assert all(row["rmse"] > 0.0 and row["forecasts"] > 10 for row in whole)
    assert any(sentence.startswith(("The model loses", "In all")) for sentence in told["words"])
    assert any("next to no power" in sentence for sentence in told["words"])
    assert told["in_sample"]["ok"] == (0.8 <= told["in_sample"]["share"] <= 0.97)
    rows = duckdb.sql(f"SELECT * FROM '{home / 'out' / 'forecasts.parquet'}'").df()
    assert set(rows["method"]) == set(summary.METHODS)
    assert set(rows["period"]) == {"2025Q2"}
    assert {path.name for path in (home / "out" / "figures").iterdir()} == {"errors.png", "fans.png", "fans_2025Q1.png"}
    report = (home / "out" / "report.html").read_text(encoding="utf8")
    assert report.count("<img") == 3
    assert "Series by series" in report


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"origins": ["2025Q2"]}, "origins = '2025Q2': .*allowed: 2024Q1"),
        ({"draws": 5}, "draws = 5: .*at least 20"),
        ({"seed": -1}, "seed = -1"),
        ({"engine": "abacus"}, "engine = 'abacus'"),
        ({"origins": ["2024Q1"]}, "no such record"),
    ],
)
def test_a_mistake_gets_one_line(tmp_path, given, message):
    with pytest.raises(ScenarioError, match=message) as raised:
        backtest(**{"estimates": tmp_path, **given})
    assert "\n" not in str(raised.value)


def test_an_estimate_that_knows_later_quarters_is_refused(problem, tmp_path):
    estimate(tmp_path, problem, "2024Q2", last="2025Q1")
    with pytest.raises(ScenarioError, match="fitted to 2025Q1, where an estimate fitted to 2024Q2 should be"):
        backtest(["2024Q2"], estimates=tmp_path)


def test_a_damaged_record_is_refused(problem, record):
    short = {**record.raw, "parameters": dict(list(record.raw["parameters"].items())[1:])}
    with pytest.raises(ScenarioError, match="its parameters are not those"):
        Record(short).draws(problem, 2, 1)
