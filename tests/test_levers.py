"""Turning a lever moves the economy in the direction that theory and evidence give, random numbers held fixed."""

import pytest

from sim.model import CapitalFlowModel


def _totals(quarters=28, **levers):
    """Sums over the history of every series, mean of two seeds."""
    totals = {}
    for seed in (0, 1):
        model = CapitalFlowModel({"run.quarters": quarters}, rng=seed, **levers)
        while model.running:
            model.step()
            for name, number in model.series.items():
                totals[name] = totals.get(name, 0.0) + number / 2.0
    return totals


@pytest.mark.parametrize(
    ("lever", "low", "high", "rises", "falls"),
    [
        ("terminal_rate", 0.01, 0.05, ["interest_usd_bn", "redeployed_usd_bn"], ["tokens_usd_bn"]),
        ("demand_growth", 0.1, 0.5, ["tokens_usd_bn", "interest_usd_bn", "redeployed_usd_bn"], []),
        ("crypto_sentiment", -1.0, 1.0, ["tokens_usd_bn", "interest_usd_bn"], []),
        ("yield_to_holders", 0.0, 0.8, ["tokens_usd_bn"], ["realised_profit_usd_bn", "redeployed_usd_bn"]),
        ("redeployment", 0.0, 1.0, ["interest_funded_gpu_usd_bn", "redeployed_usd_bn"], []),
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
    ],
)
def test_directions(lever, low, high, rises, falls):
    one, other = _totals(**{lever: low}), _totals(**{lever: high})
    for name in rises:
        assert other[name] > one[name], f"{name} should rise with {lever}"
    for name in falls:
        assert other[name] < one[name], f"{name} should fall with {lever}"


def test_faster_cuts_and_wilder_rates_change_what_comes_after_the_data():
    for lever, low, high in (("cut_speed", 0.1, 3.0), ("rate_volatility", 0.0, 0.03)):
        one, other = _totals(**{lever: low}), _totals(**{lever: high})
        assert one["bill_rate"] != other["bill_rate"]
    slow, fast = _totals(cut_speed=0.1, rate_volatility=0.0), _totals(cut_speed=3.0, rate_volatility=0.0)
    assert fast["interest_usd_bn"] < slow["interest_usd_bn"]


def test_a_sharper_choice_concentrates():
    def spread(intensity):
        model = CapitalFlowModel({"run.quarters": 8}, rng=1, intensity_of_choice=intensity)
        while model.running:
            model.step()
        return float((model.economy.redeployment.share[0] ** 2).sum())

    assert spread(20.0) > spread(1.0)
