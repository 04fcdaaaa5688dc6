"""The heart: what issuers do with what they keep (phase 8 and 11)."""

from dataclasses import replace

import numpy as np
import pytest
from support.histories import history
from support.tiny import FROZEN

from sim.economy.beliefs import reinforced
from sim.economy.books.flows import FLOWS, OWN, RESERVE
from sim.economy.books.ledger import balance
from sim.economy.capital.redeployment import channel_utility, choose_channels
from sim.economy.parameters import AI_CHANNELS, CHANNELS, COLUMN
from sim.engine.mesa_model import CapitalFlowModel
from sim.opening import draws
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load

AI = [COLUMN[channel] for channel in AI_CHANNELS]


def _shares(changes=None, economy_change=lambda e: e):
    start = open_economy(load(FROZEN, changes or {}))
    return choose_channels(economy_change(start.economy), start.parameters)


def test_shares_are_shares_and_only_the_issuers_that_redeploy_leave_bills():
    share = _shares()
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    assert (share >= 0).all()
    np.testing.assert_allclose(share[1:, COLUMN["bills"]], 1.0)
    assert share[0, AI].sum() > 0.05


def test_redeployment_switched_off_keeps_money_out_of_ai():
    assert _shares({"redeployment.redeployment": 0.0})[:, AI].sum() == 0.0
    _, closed = history(changes={"redeployment.redeployment": 0.0}, quarters=12)
    for economy, _ in closed:
        assert economy.redeployment.deployed[:, AI].sum() == 0.0
        for kind in ("issuer_compute_loan", "issuer_lab_equity", "open_data", "issuer_venture_equity"):
            assert economy.books.journal.flows[kind].amount.sum() == 0.0


def test_no_intensity_gives_prior_weights_and_much_gives_the_best():
    """M4-T1 on the channels themselves."""
    start = open_economy(load(FROZEN, {"redeployment.intensity_of_choice": 0.0, "redeployment.channel_cap": 1.0}))
    weight = start.economy.redeployment.propensity[0]
    np.testing.assert_allclose(choose_channels(start.economy, start.parameters)[0], weight / weight.sum())
    sharp = replace(
        start.parameters, redeployment=replace(start.parameters.redeployment, intensity_of_choice=np.float64(1e3))
    )
    best = channel_utility(start.economy, sharp)[0].argmax()
    assert choose_channels(start.economy, sharp)[0, best] > 0.999


def test_status_concentrates_and_risk_aversion_avoids_risk():
    """M4-T5: ambition moves money to what is seen; caution moves it away from variance."""
    visible = [COLUMN[c] for c in ("lab_equity", "open_data", "neurotech", "robotics")]
    risky = [COLUMN[c] for c in ("bitcoin", "lab_equity", "neurotech", "robotics")]
    assert _shares({"redeployment.status_weight": 1.5})[0, visible].sum() > _shares()[0, visible].sum() + 0.05
    assert _shares({"redeployment.risk_aversion": 8.0})[0, risky].sum() < _shares()[0, risky].sum() - 0.05


def test_status_has_diminishing_returns():
    def rich_in_status(economy):
        done = np.zeros_like(economy.redeployment.to_date)
        done[0, COLUMN["robotics"]] = 5.0
        return replace(economy, redeployment=replace(economy.redeployment, to_date=done))

    assert _shares(economy_change=rich_in_status)[0, COLUMN["robotics"]] < _shares()[0, COLUMN["robotics"]]


def test_anxiety_rises_with_expected_cuts_and_drives_money_out_of_bills():
    """M4-T8, first half: with the pool held fixed, an expected fall raises the share that leaves bills."""
    low, high = (history(changes={"environment.terminal_rate": rate}, quarters=1)[1][0][0] for rate in (0.0, 0.08))
    assert low.redeployment.anxiety[0] > 0.2
    assert high.redeployment.anxiety[0] == 0.0
    assert low.redeployment.share[0, COLUMN["bills"]] < high.redeployment.share[0, COLUMN["bills"]]


@pytest.mark.slow
def test_with_income_endogenous_lower_rates_lower_ai_funding():
    """M4-T8, second half, and the sign check: the pool shrinks by more than the share grows."""
    money = []
    for rate in (0.0, 0.06):
        changes = {"history.until": "none", "environment.terminal_rate": rate, "environment.cut_speed": 3.0}
        spent = 0.0
        for seed in range(3):
            _, closed = history(changes=changes, quarters=24, seed=seed)
            spent += sum(e.redeployment.deployed[:, AI].sum() for e, _ in closed)
        money.append(spent)
    assert money[0] < money[1]


def test_deals_are_lumps_of_at_least_a_ticket():
    start, closed = history(quarters=28, seed=2)
    for channel in ("compute_equity", "lab_equity", "neurotech", "robotics", "open_data"):
        column = COLUMN[channel]
        deals = np.array([economy.redeployment.deployed[0, column] for economy, _ in closed])
        assert (deals[deals > 0] >= start.parameters.redeployment.ticket[column] * (1 - 1e-9)).all()
        assert (deals == 0).sum() >= 14
    assert sum(economy.redeployment.deployed[0, AI].sum() for economy, _ in closed) > 1.0


def test_the_signed_facility_is_drawn_over_four_quarters():
    start, closed = history(quarters=6, changes={"redeployment.closing_probability": 0.0})
    lent = [economy.books.journal.flows["issuer_compute_loan"].amount[0, 0] for economy, _ in closed]
    assert lent[:4] == pytest.approx([0.1525] * 4)
    assert lent[4:] == [0.0, 0.0]
    assert start.economy.credit.facility[0, 0] == pytest.approx(0.61)


def test_the_reserve_pays_for_no_deal():
    """What redeployment spends comes out of the own book; the reserve changes only by tokens and top-ups."""
    _, closed = history(quarters=28, seed=2)
    from_reserve = [kind for kind, flow in FLOWS.items() if flow.payer == RESERVE]
    to_others = [kind for kind in from_reserve if FLOWS[kind].payee != "economy"]
    assert to_others
    assert len(to_others) < len(from_reserve)
    for economy, _ in closed:
        flows = economy.books.journal.flows
        assert {kind: flows[kind].amount.max() for kind in to_others} == dict.fromkeys(to_others, 0.0)
        assert min(flows[kind].amount.min() for kind in from_reserve) >= 0.0
        assert (balance(economy.books, OWN) >= -1e-12).all()


def test_money_in_talks_is_parked_in_repo():
    _, closed = history(quarters=20, seed=2)
    for economy, _ in closed:
        parked = economy.books.positions["repo"][OWN]
        np.testing.assert_allclose(parked, economy.redeployment.talks.sum(axis=1), atol=1e-9)


def test_reinforcement_follows_the_law_of_effect():
    """M4-T6: what was chosen and paid is chosen more; experimentation keeps everything possible."""
    parameters = open_economy(load(FROZEN)).parameters
    start = np.ones((1, len(CHANNELS)))
    share = np.full((1, len(CHANNELS)), 0.1)
    returns = np.zeros(len(CHANNELS))
    returns[3] = 1.0
    after = start
    for _ in range(50):
        after = reinforced(after, share, returns, parameters)
    assert after[0].argmax() == 3
    assert (after > 0).all()
    only = np.zeros((1, len(CHANNELS)))
    only[0, 3] = 1.0
    eager = replace(parameters, redeployment=replace(parameters.redeployment, experimentation=np.float64(0.0)))
    for _ in range(200):
        start = reinforced(start, only, returns, eager)
    assert start[0, 3] / start.sum() > 0.99


def test_beliefs_adapt_geometrically():
    """M4-T7: a constant return is learned at (1 - l) a quarter."""
    changes = {"history.until": "none", "environment.terminal_rate": 0.02, "environment.cut_speed": 0.0}
    quiet = {"environment.rate_volatility": 0.0, "market.bill_rate": 0.02, "redeployment.learning": 0.25}
    _, closed = history(changes={**changes, **quiet}, quarters=8)
    gap = [abs(e.redeployment.belief[0, COLUMN["bills"]] - 0.02) for e, _ in closed]
    ratios = np.array(gap[1:]) / np.array(gap[:-1])
    np.testing.assert_allclose(ratios, 0.75, rtol=1e-9)


def test_an_ai_company_is_valued_higher_than_a_crypto_company():
    model = CapitalFlowModel(load(FROZEN), rng=2)
    opening = model.measured["issuers"]["multiple"][0]
    while model.running:
        model.step()
    assert model.measured["issuers"]["multiple"][0] > opening
    assert model.measured["issuers"]["multiple"][1] == opening


def test_a_decision_rule_can_be_replaced_in_one_line():
    model = CapitalFlowModel(load(FROZEN, {"run.quarters": 4}), rng=1)
    gold = np.zeros((6, len(CHANNELS)))
    gold[:, COLUMN["gold"]] = 1.0
    model.decisions["redeployment"] = lambda _economy, _parameters: gold
    while model.running:
        model.step()
    assert model.series["deployed_gold_usd_bn"] > 0.1
    assert model.series["deployed_bitcoin_usd_bn"] == 0.0


def test_draws_are_per_purpose_and_agent():
    """M11-T1: a longer run, another agent or a switch without effect leaves every other number bit-identical."""
    scenario = load(FROZEN)
    names = open_economy(scenario).names
    short, long = (draws_for(scenario, names, 7, quarters) for quarters in (4, 9))
    more = {**names, "issuers": (*names["issuers"], "Another"), "labs": ("First", *names["labs"])}
    wider = draws_for(scenario, more, 7, 9)
    for name in vars(short):
        if name == "events":
            continue
        np.testing.assert_array_equal(getattr(short, name), getattr(long, name)[:4])
    np.testing.assert_array_equal(wider.token_share[:, :6], long.token_share)
    np.testing.assert_array_equal(wider.round_closes[:, 1:], long.round_closes)
    assert not np.array_equal(
        draws.draws_of_quarter(long, 0).token_demand, draws.draws_of_quarter(long, 1).token_demand
    )


def test_a_switch_without_effect_changes_nothing():
    """M11-T1: status matters to nobody when nobody has ambition; then its weight changes no bit."""
    still = {"issuers.tether.ambition": 0.0}
    plain = CapitalFlowModel(load(FROZEN, {**still, "run.quarters": 12}), rng=4)
    other = CapitalFlowModel(load(FROZEN, {**still, "run.quarters": 12, "redeployment.status_weight": 3.0}), rng=4)
    while plain.running:
        plain.step()
        other.step()
        assert plain.series == other.series
