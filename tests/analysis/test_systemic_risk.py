"""Systemic risk: by hand, against the tables of runs, and properties."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from support.made_runs import known_runs

from sim.analysis.systemic_risk import history, losses, sheets, systemic_risk

KINDS = ["one quarter", "baseline", "many agents", "no interest", "failures"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return known_runs(tmp_path_factory)


def by_hand(members, claims, quarter="2024Q1"):
    """A run of one quarter: agent -> (population, measures), and (holder, issuer) -> USD bn."""
    rows = [
        (quarter, population, agent, measure, value)
        for agent, (population, numbers) in members.items()
        for measure, value in numbers.items()
    ]
    held = [(quarter, "lab_shares", holder, issuer, usd_bn) for (holder, issuer), usd_bn in claims.items()]
    return SimpleNamespace(
        series=pd.DataFrame({"quarter": [quarter]}),
        agents=pd.DataFrame(rows, columns=["quarter", "population", "agent", "measure", "value"]),
        exposures=pd.DataFrame(held, columns=["quarter", "instrument", "holder", "issuer", "usd_bn"]),
    )


CHAIN = (
    {
        "Fund": ("investors", {"net_worth": 10.0}),
        "Cloud": ("providers", {"net_worth": -16.0, "equity_value": 20.0}),
        "Lab": ("labs", {"net_worth": -49.0, "equity_value": 50.0}),
        "Coin": ("issuers", {"net_worth": 5.0}),
        "Economy": ("sectors", {"net_worth": 1000.0}),
    },
    {
        ("Cloud", "Lab"): 2.0,
        ("Fund", "Cloud"): 6.0,
        ("Fund", "Lab"): 1.0,
        ("Economy", "Lab"): 30.0,
        ("Economy", "Coin"): 80.0,
        ("Coin", "Government"): 70.0,
    },
)
"""A fund owns shares of a cloud that owns shares of a lab: the cloud's book equity is 20 - 16 = 4."""


def test_losses_pass_from_hand_to_hand():
    """The lab takes 2 of the cloud's 4, so half of the fund's 6 in the cloud, on top of its own 1."""
    table = systemic_risk(by_hand(*CHAIN)).set_index("agent")
    assert table.index.tolist() == ["Lab", "Cloud", "Coin"]
    lab = table.loc["Lab"]
    assert lab["exposure_usd_bn"] == 33.0
    assert lab["exposure_of_agents_usd_bn"] == 3.0
    assert lab["direct_usd_bn"] == 3.0
    assert lab["loss_usd_bn"] == pytest.approx(6.0)
    assert lab["loss_share"] == pytest.approx(6.0 / 19.0)
    assert lab["net_worth_usd_bn"] == 1.0
    assert lab["ruined"] == 0
    # The fund is hit first by its own share and passes on only that; nobody has claims on it.
    assert lab["original_usd_bn"] == pytest.approx(6.0)
    assert table.loc["Cloud", ["direct_usd_bn", "loss_usd_bn"]].tolist() == [6.0, 6.0]
    past = history(by_hand(*CHAIN)).iloc[0]
    assert past["largest_agent"] == "Lab"
    assert past["sum_usd_bn"] == pytest.approx(12.0)
    assert past["sum_share"] == pytest.approx(12.0 / 20.0)
    assert past["contagion_usd_bn"] == pytest.approx(3.0)


def test_token_holders_are_outside():
    coin = systemic_risk(by_hand(*CHAIN)).set_index("agent").loc["Coin"]
    assert coin["exposure_usd_bn"] == 80.0
    assert coin["loss_usd_bn"] == coin["original_usd_bn"] == coin["loss_share"] == 0.0


def test_who_loses_more_than_it_has_is_ruined_and_passes_all_of_it_on():
    members, claims = CHAIN
    table = systemic_risk(by_hand(members, {**claims, ("Cloud", "Lab"): 9.0})).set_index("agent")
    assert table.loc["Lab", "direct_usd_bn"] == 5.0
    assert table.loc["Lab", "loss_usd_bn"] == pytest.approx(4.0 + 7.0)
    assert table.loc["Lab", "ruined"] == 1


def test_circles_make_the_two_ranks_differ():
    members, claims = CHAIN
    table = systemic_risk(by_hand(members, {**claims, ("Cloud", "Fund"): 1.0})).set_index("agent")
    # Cloud c = 1/2 + f/4, fund f = 1/10 + 6c/10; with one hit each, the first ones: c = 1/2 + 1/40.
    c = (0.5 + 0.1 / 4) / (1.0 - 0.6 / 4)
    assert table.loc["Lab", "loss_usd_bn"] == pytest.approx(4.0 * c + 10.0 * (0.1 + 0.6 * c))
    assert table.loc["Lab", "original_usd_bn"] == pytest.approx(4.0 * 0.525 + 10.0 * 0.4)


@pytest.mark.parametrize("worth", [0.0, -3.0])
def test_a_holder_without_net_worth_has_failed_already(worth):
    members, claims = CHAIN
    broke = {**members, "Cloud": ("providers", {"net_worth": worth - 20.0, "equity_value": 20.0})}
    table = systemic_risk(by_hand(broke, claims)).set_index("agent")
    assert table.loc["Lab", "loss_usd_bn"] == pytest.approx(1.0)
    assert table.loc["Lab", "loss_share"] == pytest.approx(1.0 / 15.0)
    # Shares in it that still have a price can be lost.
    assert table.loc["Cloud", "loss_usd_bn"] == pytest.approx(6.0)


def test_what_an_issuer_owes_itself_is_no_claim_of_others():
    members, claims = CHAIN
    table = systemic_risk(by_hand(members, {**claims, ("Coin", "Coin"): 4.0})).set_index("agent")
    assert table.loc["Coin", "exposure_usd_bn"] == 80.0


def test_nothing_at_stake():
    alone = by_hand({"Coin": ("issuers", {"net_worth": 5.0})}, {})
    assert not len(systemic_risk(alone))
    assert not len(losses(alone))
    past = history(alone).iloc[0]
    assert past["largest_agent"] == ""
    assert past["sum_usd_bn"] == 0.0


def test_an_unknown_quarter_is_refused():
    with pytest.raises(ValueError, match="no quarter '2031Q1': it has 2024Q1 to 2024Q1"):
        systemic_risk(by_hand(*CHAIN), "2031Q1")


# Runs


@pytest.mark.parametrize("kind", KINDS)
def test_exposures_are_those_of_the_run(runs, kind):
    run = runs(kind)
    table = systemic_risk(run).set_index("agent")
    held = run.exposures[run.exposures["quarter"] == run.series["quarter"].iloc[-1]]
    # An issuer's two books are one agent.
    held = held[held["holder"] != held["issuer"]]
    told = held[held["issuer"].isin(table.index)].groupby("issuer")["usd_bn"].sum()
    pd.testing.assert_series_equal(table["exposure_usd_bn"].sort_index(), told.sort_index(), check_names=False)
    assert set(held["issuer"]) - {"", "Economy", "Government", "Vendor"} == set(table.index)


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_are_ordered_and_bounded(runs, kind):
    """Direct <= original <= differential <= everything, and nobody loses more directly than it has at stake."""
    for quarter in runs(kind).series["quarter"].iloc[[0, -1]]:
        table = systemic_risk(runs(kind), quarter)
        assert np.all(table["direct_usd_bn"] <= table["exposure_of_agents_usd_bn"] * (1.0 + 1e-12))
        assert np.all(table["direct_usd_bn"] <= table["original_usd_bn"] + 1e-9)
        assert np.all(table["original_usd_bn"] <= table["loss_usd_bn"] + 1e-9)
        assert np.all((table["loss_share"] >= 0.0) & (table["loss_share"] <= 1.0))
        assert table["loss_usd_bn"].is_monotonic_decreasing


def test_equity_of_issuers_is_their_own_book_and_excess_reserves(runs):
    now = sheets(runs("baseline"))
    agents = runs("baseline").agents
    rows = agents[(agents["quarter"] == agents["quarter"].iloc[-1]) & (agents["population"] == "issuers")]
    wide = rows.pivot(index="agent", columns="measure", values="value")
    for name, population, equity in zip(now.agents, now.populations, now.equity, strict=True):
        if population == "issuers":
            assert equity == pytest.approx(wide.loc[name, "own_book"] + wide.loc[name, "excess_reserves"])


def test_equity_of_companies_is_what_they_own_less_their_loans(runs):
    now = sheets(runs("baseline"))
    agents = runs("baseline").agents
    wide = agents[agents["quarter"] == agents["quarter"].iloc[-1]].pivot(
        index="agent", columns="measure", values="value"
    )
    for name, population, equity in zip(now.agents, now.populations, now.equity, strict=True):
        if population == "providers":
            cash, gpus, debt = wide.loc[name, ["cash", "gpu_book_value", "debt"]]
            assert equity == pytest.approx(cash + gpus - debt, abs=1e-9)


@pytest.mark.parametrize("kind", ["baseline", "failures"])
def test_losses_by_holder_and_history_add_up(runs, kind):
    run = runs(kind)
    table, lost, past = systemic_risk(run), losses(run), history(run)
    by_failure = lost.groupby("failed")["usd_bn"].sum()
    told = table[table["loss_usd_bn"] > 0.0].set_index("agent")["loss_usd_bn"]
    pd.testing.assert_series_equal(by_failure.sort_index(), told.sort_index(), check_names=False)
    assert past.index.tolist() == run.series["quarter"].tolist()
    last = past.iloc[-1]
    assert last["largest_agent"] == table["agent"].iloc[0]
    assert last["largest_share"] == table["loss_share"].iloc[0]
    assert last["sum_usd_bn"] == pytest.approx(table["loss_usd_bn"].sum())
    assert np.all(past["contagion_usd_bn"] >= 0.0)


def test_who_has_failed_costs_nothing_more(runs):
    run = runs("failures")
    last = run.agents[run.agents["quarter"] == run.series["quarter"].iloc[-1]]
    gone = set(last.loc[(last["measure"] == "alive") & (last["value"] == 0.0), "agent"])
    assert gone, "nobody failed: choose another scenario"
    assert not gone & set(systemic_risk(run)["agent"])
