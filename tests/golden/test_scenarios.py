"""The scenarios that ship: they run, their books close, and they do what they say."""

import tomllib

import numpy as np
import pytest
from support.sampling import sampled

from sim.economy.books.checks import TOLERANCE
from sim.engine.mesa_model import CapitalFlowModel
from sim.scenario.load import load, names

TETHER = 0
SHIPPED = sorted(set(names()) - {"baseline", "zero-behaviour"})
QUICK = ["ai-winter", "bank-failure", "perfect-storm", "run-on-usdt"]
PROMISED = {
    "fast-cuts",
    "higher-for-longer",
    "zero-rates",
    "no-redeployment",
    "yield-to-holders",
    "genius-everywhere",
    "audit",
    "run-on-usdt",
    "bank-failure",
    "ai-winter",
    "gpu-glut",
    "lab-failure",
    "robotics-deal",
    "reach-into-reserve",
    "tuition-only",
    "perfect-storm",
}
_histories: dict = {}


def history(name, seed=1, **changes):
    """Series and the issuers' measures of every quarter, and the events, of a scenario; each is run once."""
    key = (name, seed, repr(sorted(changes.items())))
    if key not in _histories:
        model = CapitalFlowModel(load(name), rng=seed, **changes)
        series, issuers, events, worst = [], [], [], 0.0
        while model.running:
            model.step()
            series.append(dict(model.series))
            issuers.append({measure: np.array(values) for measure, values in model.measured["issuers"].items()})
            events += model.happenings
            worst = max(worst, *model.checks.values())
        _histories[key] = series, issuers, events, worst
    return _histories[key]


def total(name, measure, seed=1):
    return sum(quarter[measure] for quarter in history(name, seed)[0])


def test_all_that_is_promised_ships():
    assert set(SHIPPED) >= PROMISED


@pytest.mark.parametrize("name", sampled(SHIPPED, QUICK))
def test_it_runs_and_its_books_close(name):
    series, issuers, _, worst = history(name)
    assert worst <= TOLERANCE
    for quarter in series:
        assert all(np.isfinite(number) for number in quarter.values())
    for quarter in issuers:
        # A coin that is no more has no price.
        for measure, values in quarter.items():
            priced = measure in ("token_price", "lowest_price", "quality")
            gone = (quarter["tokens"] < 1e-9) & priced
            assert np.isfinite(values[~gone]).all(), measure


@pytest.mark.parametrize("name", SHIPPED)
def test_it_says_only_what_it_changes_and_why(name):
    path = names()[name]
    text = path.read_text(encoding="utf8")
    raw = tomllib.loads(text)
    assert raw["extends"]
    assert raw["title"]
    assert raw["about"].endswith((".", "?"))
    assert text.startswith("# "), "says first where it comes from"
    assert len(text.splitlines()) < 75


@pytest.mark.parametrize(
    ("name", "measure", "direction"),
    [
        ("fast-cuts", "interest_usd_bn", -1),
        ("fast-cuts", "redeployed_usd_bn", -1),
        ("zero-rates", "interest_usd_bn", -1),
        ("higher-for-longer", "interest_usd_bn", 1),
        ("higher-for-longer", "tokens_usd_bn", -1),
        ("no-redeployment", "interest_funded_gpu_usd_bn", -1),
        ("yield-to-holders", "tokens_usd_bn", 1),
        ("yield-to-holders", "realised_profit_usd_bn", -1),
        ("ai-winter", "lab_revenue_usd_bn", -1),
        ("gpu-glut", "provider_revenue_usd_bn", -1),
        ("lab-failure", "labs_alive", -1),
        ("robotics-deal", "deployed_robotics_usd_bn", 1),
        ("reach-into-reserve", "redeployed_usd_bn", 1),
        ("doubt", "tokens_usd_bn", -1),
        ("perfect-storm", "tokens_usd_bn", -1),
    ],
)
def test_it_moves_what_it_is_about(name, measure, direction):
    assert direction * (total(name, measure) - total("baseline", measure)) > 0.0


def test_zero_rates_leave_next_to_nothing_to_redeploy():
    last_year = [sum(q["interest_usd_bn"] for q in history(name)[0][-4:]) for name in ("baseline", "zero-rates")]
    assert last_year[1] < 0.1 * last_year[0]


def test_genius_everywhere_leaves_safe_reserves_from_its_day():
    _, issuers, events, _ = history("genius-everywhere")
    loans = [quarter["secured_loans"][TETHER] for quarter in issuers]
    assert loans[11] > 5.0
    assert loans[-1] < 0.05 * loans[11]
    assert sum(event["kind"] == "law" for event in events) == 4, "those that were not under it before"


@pytest.mark.parametrize("seed", sampled([1, 2, 3], [1]))
def test_a_seen_reserve_that_is_good_loses_no_more_in_a_run(seed):
    seen, unseen = (history(name, seed)[0] for name in ("audit", "doubt"))
    day = 13
    assert seen[day]["tokens_usd_bn"] >= unseen[day]["tokens_usd_bn"]
    assert seen[day]["tokens_usd_bn"] < history("baseline", seed)[0][day]["tokens_usd_bn"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_failed_bets_with_own_money_leave_reserve_and_coin_as_in_the_twin(seed):
    """The claim holds: to within rounding, in every quarter."""
    ours, twin = history("tuition-only", seed)[1], history("baseline", seed)[1]
    for failed, spared in zip(ours, twin, strict=True):
        for measure in ("tokens", "excess_reserves", "cash_reserve", "secured_loans", "quality", "lowest_price"):
            np.testing.assert_allclose(failed[measure], spared[measure], rtol=1e-9, atol=1e-9, err_msg=measure)
    assert ours[-1]["own_book"][TETHER] < twin[-1]["own_book"][TETHER]


@pytest.mark.parametrize("seed", sampled([1, 2, 3], [1]))
def test_failed_bets_with_the_reserves_money_do_not(seed):
    """The claim fails: the reserve has a hole on the day, and what backs the coin is worth less."""
    _, ours, events, _ = history("reach-and-lose", seed)
    twin = history("reach-into-reserve", seed)[1]
    day = 19
    lost = twin[day]["excess_reserves"][TETHER] - ours[day]["excess_reserves"][TETHER]
    assert lost > 0.5
    assert any(event["kind"] == "reserve_loss" and event["quarter"] == "2028Q4" for event in events)


def test_the_law_keeps_the_claim_true():
    """Under GENIUS the same order to reach into the reserve is refused, and the same failures touch nothing."""
    ours = history("reach-and-lose", tether_regime="genius")[1]
    twin = history("reach-into-reserve", tether_regime="genius")[1]
    for failed, spared in zip(ours, twin, strict=True):
        np.testing.assert_allclose(failed["tokens"], spared["tokens"], rtol=1e-9)
        np.testing.assert_allclose(failed["excess_reserves"], spared["excess_reserves"], rtol=1e-9, atol=1e-9)
        assert failed["advances"][TETHER] == 0.0


def test_a_run_on_the_news_breaks_a_coin_whose_reserve_is_whole():
    """The claim fails without a dollar missing, once holders read the news."""
    ours = history("tuition-only", loss_alarm=150.0)[1]
    twin = history("baseline", loss_alarm=150.0)[1]
    day, after = 19, 20
    assert ours[day]["excess_reserves"][TETHER] == pytest.approx(twin[day]["excess_reserves"][TETHER], rel=1e-9)
    assert ours[after]["tokens"][TETHER] < 0.97 * twin[after]["tokens"][TETHER]


def test_the_perfect_storm_breaks_the_machine():
    _, issuers, events, _ = history("perfect-storm")
    assert min(quarter["lowest_price"][TETHER] for quarter in issuers) < 0.9
    assert sum(quarter["weeks_shut"][TETHER] for quarter in issuers) > 1.0
    kinds = {event["kind"] for event in events}
    assert {"dated", "failure", "window", "run", "reserve_loss", "issuer_failure"} <= kinds
