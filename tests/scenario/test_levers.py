"""Turning a lever moves the economy in the direction that theory and evidence give, random numbers held fixed."""

import pytest
from support.tiny import FROZEN

from sim.engine import jax_batch
from sim.engine.batch import behaviour, start
from sim.engine.mesa_model import CapitalFlowModel
from sim.scenario import levers as all_levers
from sim.scenario.load import changed, load

SEEDS = (0, 1)
DIRECTIONS = [
    ("terminal_rate", 0.01, 0.05, ["interest_usd_bn", "redeployed_usd_bn"], ["tokens_usd_bn"]),
    ("demand_growth", 0.1, 0.5, ["tokens_usd_bn", "interest_usd_bn", "redeployed_usd_bn"], []),
    ("crypto_sentiment", -1.0, 1.0, ["tokens_usd_bn", "interest_usd_bn"], []),
    ("yield_to_holders", 0.0, 0.8, ["tokens_usd_bn"], ["realised_profit_usd_bn", "redeployed_usd_bn"]),
    ("redeployment", 0.0, 1.0, ["interest_funded_gpu_usd_bn", "redeployed_usd_bn"], []),
    ("reach_into_reserve", 0.0, 0.2, ["redeployed_usd_bn", "advances_usd_bn"], []),
    ("payout_ratio", 0.2, 0.9, ["dividends_usd_bn"], ["redeployed_usd_bn"]),
    ("buffer_target", 0.0, 0.1, [], ["dividends_usd_bn", "deployable_usd_bn"]),
    ("status_weight", 0.0, 1.5, ["redeployed_usd_bn"], []),
    ("anxiety_weight", 0.0, 3.0, ["redeployed_usd_bn"], ["deployed_bills_usd_bn"]),
    ("channel_cap", 0.05, 0.5, ["redeployed_usd_bn"], []),
    ("spending_ambition", 0.3, 0.8, ["lab_spending_usd_bn", "gpu_rent_usd_hour"], []),
    ("break_even_discipline", 0.0, 0.8, [], ["lab_spending_usd_bn", "gpu_rent_usd_hour"]),
    ("revenue_diffusion", 0.2, 0.45, ["lab_revenue_usd_bn", "vendor_sales_usd_bn"], []),
    ("technical_progress", 0.2, 0.6, [], ["gpu_rent_usd_hour"]),
    ("gpu_price", 30e3, 60e3, ["gpu_price_usd"], ["gpus"]),
    ("delivery_limit", 0.3e6, 1.2e6, ["gpus"], ["gpu_rent_usd_hour"]),
    ("power_price", 0.04, 0.3, [], ["vendor_sales_usd_bn"]),
    ("investor_appetite", 0.4, 2.0, ["lab_spending_usd_bn", "gpus"], []),
    ("ai_sentiment", -1.0, 1.0, ["lab_value_usd_bn"], []),
    ("credit_spread", 0.03, 0.15, [], ["vendor_sales_usd_bn", "provider_debt_usd_bn"]),
    ("loan_to_cost", 0.3, 0.95, ["provider_debt_usd_bn"], []),
]
SHOCK = {"kind": "redemption_shock", "quarter": "2025Q1", "target": "tether", "size": 0.1}
FAILURE = {"kind": "bets_fail", "quarter": "2025Q1", "target": "all"}


CALM = {"cut_speed": 0.1, "rate_volatility": 0.0}
BESIDE = [
    *({"cut_speed": speed} for speed in (0.1, 3.0)),
    *({"rate_volatility": volatility} for volatility in (0.0, 0.03)),
    *(CALM | {"cut_speed": speed} for speed in (0.1, 3.0)),
]
"""Other settings of levers that are compared below."""


@pytest.fixture(scope="module")
def totals():
    """A function of levers: sums over the whole history of every series, mean of two seeds.

    All histories that the tests ask for are run at once, compiled.
    """
    base = load(FROZEN, {"run.quarters": 28})
    settings = [*({name: end} for name, *ends, _, _ in DIRECTIONS for end in ends), *BESIDE]
    turned = [changed(base, {all_levers.BY_NAME[name].key: at for name, at in one.items()}) for one in settings]
    found = jax_batch.in_jax([start(scenario, seed) for scenario in turned for seed in SEEDS], behaviour(base))
    assert set(found.problems) == {None}
    sums = found.paths[:, 1:].sum(axis=1).reshape(len(settings), len(SEEDS), -1).mean(axis=1)
    table = {
        frozenset(one.items()): dict(zip(found.names, row, strict=True))
        for one, row in zip(settings, sums.tolist(), strict=True)
    }
    return lambda **levers: table[frozenset(levers.items())]


@pytest.mark.parametrize(("lever", "low", "high", "rises", "falls"), DIRECTIONS)
def test_directions(totals, lever, low, high, rises, falls):
    one, other = totals(**{lever: low}), totals(**{lever: high})
    for name in rises:
        assert other[name] > one[name], f"{name} should rise with {lever}"
    for name in falls:
        assert other[name] < one[name], f"{name} should fall with {lever}"


def test_faster_cuts_and_wilder_rates_change_what_comes_after_the_data(totals):
    for lever, low, high in (("cut_speed", 0.1, 3.0), ("rate_volatility", 0.0, 0.03)):
        one, other = totals(**{lever: low}), totals(**{lever: high})
        assert one["bill_rate"] != other["bill_rate"]
    slow, fast = totals(**CALM), totals(**CALM | {"cut_speed": 3.0})
    assert fast["interest_usd_bn"] < slow["interest_usd_bn"]


def test_a_sharper_choice_concentrates():
    def spread(intensity):
        model = CapitalFlowModel({"run.quarters": 8}, rng=1, intensity_of_choice=intensity)
        while model.running:
            model.step()
        return float((model.economy.redeployment.share[0] ** 2).sum())

    assert spread(20.0) > spread(1.0)


def _model(events, quarters=8, **levers):
    model = CapitalFlowModel({"run.quarters": quarters, "events": events}, rng=1, **levers)
    while model.running:
        model.step()
    return model


def _tokens(events, **levers):
    model = _model(events, **levers)
    return dict(zip(model.names["issuers"], model.measured["issuers"]["tokens"], strict=True))


def test_transparency_calms_holders_of_a_good_reserve_and_frightens_those_of_a_weak_one():
    """The sign depends on what there is to see (Ahmed, Aldasoro and Duley 2024)."""
    seen, unseen = (_tokens([SHOCK], transparency=level) for level in (1.0, 0.0))
    assert seen["Tether"] > unseen["Tether"]
    assert seen["Ethena"] < unseen["Ethena"]


def test_alarmed_holders_run_the_more_the_more_is_lost():
    lost = []
    for events in ([], [FAILURE]):
        calm, alarmed = (_tokens(events, loss_alarm=level)["Tether"] for level in (0.0, 1000.0))
        lost.append(1.0 - alarmed / calm)
    assert lost[1] > 2.0 * lost[0] >= 0.0


def test_a_stricter_law_moves_the_reserve_into_bills():
    free, bound = (_model([], tether_regime=law) for law in ("offshore", "genius"))
    assert bound.series["interest_usd_bn"] > free.series["interest_usd_bn"]
    assert bound.measured["issuers"]["secured_loans"][0] < free.measured["issuers"]["secured_loans"][0]


def test_every_lever_has_a_direction_here():
    """A lever whose effect nobody asserts could do anything."""
    beside = {"cut_speed", "rate_volatility", "intensity_of_choice", "transparency", "loss_alarm", "tether_regime"}
    assert {row[0] for row in DIRECTIONS} | beside == set(all_levers.BY_NAME)
