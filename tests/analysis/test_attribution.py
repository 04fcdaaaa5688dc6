"""Where the interest went: every dollar of it, at first hand and at any remove."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from support.made_runs import KINDS, known_runs
from support.tiny import FROZEN

from sim.analysis.attribution import (
    direct_uses,
    direct_uses_by_issuer,
    final_uses,
    headline,
    interest_earned,
    venture_kinds,
)
from sim.analysis.sums import payments_with_interest
from sim.economy.books.flows import ORIGINS
from sim.economy.books.uses import AI, AI_FLOWS, KEPT, RETURNED, VENTURE_KINDS
from sim.report.figures.journeys import journeys
from sim.scenario.load import load


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return known_runs(tmp_path_factory)


def paid(run, *kinds, column="usd_bn"):
    flows = run.flows
    return float(flows.loc[flows["flow"].isin(kinds), column].sum())


def at_end(run, population, measure):
    rows = run.agents[run.agents["quarter"] == run.series["quarter"].iloc[-1]]
    return float(rows.loc[(rows["population"] == population) & (rows["measure"] == measure), "value"].sum())


# Every dollar


@pytest.mark.parametrize("kind", KINDS)
def test_uses_sum_to_the_interest_earned(runs, kind):
    run = runs(kind)
    earned = float(run.series["interest_usd_bn"].sum())
    assert interest_earned(run) == pytest.approx(earned, rel=1e-12)
    for table in (direct_uses(run), final_uses(run)):
        assert table["usd_bn"].sum() == pytest.approx(earned, rel=1e-9, abs=1e-12)
        assert table["share"].sum() == pytest.approx(1.0 if earned else 0.0, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_uses_of_each_issuer_sum_to_what_it_earned(runs, kind):
    run = runs(kind)
    flows = run.flows
    earned = flows[flows["flow"].isin(("bill_interest", "repo_interest"))].groupby("payee")["usd_bn"].sum()
    used = direct_uses_by_issuer(run).groupby("issuer")["usd_bn"].sum()
    for issuer, usd_bn in earned.items():
        assert used.get(issuer, 0.0) == pytest.approx(usd_bn, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", ["baseline", "failures", "many agents"])
def test_savings_are_net_of_what_was_sold_again(runs, kind):
    run = runs(kind)
    uses = direct_uses(run).set_index("use")["usd_bn"]
    for use, bought, sold in (
        ("own_bills", "own_bill_purchase", "own_bill_sale"),
        ("own_repo", "own_repo_purchase", "own_repo_sale"),
    ):
        kept = paid(run, bought, column="from_bill_interest") - paid(run, sold, column="from_bill_interest")
        assert uses[use] == pytest.approx(kept, rel=1e-9, abs=1e-12)
        assert uses[use] >= -1e-12
    assert uses["dividends"] == pytest.approx(paid(run, "dividends", column="from_bill_interest"))


def test_parked_interest_is_what_the_agents_say_is_parked(runs):
    run = runs("baseline")
    uses = final_uses(run).set_index("use")["usd_bn"]
    assert uses["parked"] == pytest.approx(at_end(run, "issuers", "parked_from_bill_interest"), rel=1e-9)
    for population in ("issuers", "labs", "providers", "investors", "ventures"):
        held = at_end(run, population, "cash_from_bill_interest")
        assert uses[f"cash_{population}"] == pytest.approx(held, rel=1e-9, abs=1e-15)


def test_ai_uses_are_what_issuers_paid_for_them(runs):
    run = runs("failures")
    table = direct_uses(run)
    into_ai = float(table.loc[table["group"] == AI, "usd_bn"].sum())
    assert into_ai == pytest.approx(paid(run, *AI_FLOWS, column="from_bill_interest"), rel=1e-9)
    assert into_ai > 0.1
    assert headline(run)["redeployed_from_interest_usd_bn"] == pytest.approx(into_ai, rel=1e-9)
    assert set(table.loc[table["group"] == KEPT, "use"]) >= {"buffer", "own_bills", "own_repo", "gold", "cash"}


def test_stakes_in_ventures_are_told_apart_by_kind(runs):
    """The tables do not say which venture is which kind; the scenario does, and agrees."""
    run = runs("failures")
    flows = run.flows[run.flows["flow"] == "issuer_venture_equity"]
    assert len(flows), "no venture got money: choose another scenario"
    payments = payments_with_interest(run)
    stakes = payments[payments["flow"] == "issuer_venture_equity"]
    divided = venture_kinds(run, stakes)
    kind_of = {venture.name: venture.kind for venture in load(FROZEN).ventures.values()}
    alone = stakes[~stakes.duplicated(["payer", "quarter"], keep=False)]
    for row in alone.itertuples():
        assert divided[kind_of[row.payee]][row.Index] == pytest.approx(row.usd_bn, rel=1e-9)
    assert len(alone), "no issuer bought into one venture alone: choose another scenario"
    uses = direct_uses(run).set_index("use")["usd_bn"]
    assert sum(uses[kind] for kind in VENTURE_KINDS) == pytest.approx(flows["from_bill_interest"].sum(), rel=1e-9)


def test_without_redeployment_no_interest_reaches_ai(runs):
    run = runs("no redeployment")
    numbers = headline(run)
    assert numbers["interest_usd_bn"] > 1.0
    for name in ("redeployed_usd_bn", "interest_funded_gpu_usd_bn", "gpus_funded_by_interest"):
        assert numbers[name] == 0.0
    assert not len(journeys(run))


# From the channel to the end


@pytest.mark.parametrize("kind", ["one quarter", "baseline", "many agents", "failures"])
def test_journeys_start_with_what_was_paid_in_and_end_where_it_ended(runs, kind):
    run = runs(kind)
    table, uses, ends = journeys(run), direct_uses(run), final_uses(run)
    into = uses[(uses["group"] == AI) & (uses["usd_bn"] > 0.0)].set_index("use")["usd_bn"]
    assert table.groupby("channel")["usd_bn"].sum().to_dict() == pytest.approx(into.to_dict(), rel=1e-9)
    arrived = table.groupby("use")["usd_bn"].sum()
    back = float(uses.set_index("use")["usd_bn"][RETURNED])
    assert arrived.get(RETURNED, 0.0) == pytest.approx(-back, rel=1e-9, abs=1e-15)
    told = ends.set_index("use")["usd_bn"]
    for use in arrived.index.drop(RETURNED, errors="ignore"):
        assert arrived[use] == pytest.approx(told[use], rel=1e-6, abs=1e-12)


def flows_by_hand(*rows):
    """A flow table of interest alone: flow, payer, payee, USD bn."""
    table = pd.DataFrame(rows, columns=["flow", "payer", "payee", "usd_bn"]).assign(quarter="2024Q1")
    for origin in ORIGINS:
        table[f"from_{origin}"] = table["usd_bn"] if origin == "bill_interest" else 0.0
    return table


def run_by_hand(flows, held):
    """A run of one quarter that has these flows, and agents that hold what they hold at the end."""
    agents = pd.DataFrame(
        [(q, pop, who, "cash_from_bill_interest", usd if q == "2024Q1" else 0.0)
         for (pop, who), usd in held.items() for q in ("2023Q4", "2024Q1")],
        columns=["quarter", "population", "agent", "measure", "value"],
    )  # fmt: skip
    return SimpleNamespace(flows=flows, agents=agents, series=pd.DataFrame({"quarter": ["2023Q4", "2024Q1"]}))


def test_money_that_goes_round_is_followed_to_its_end():
    """An issuer lends 8; half of it goes round between provider and lender before GPUs are bought."""
    flows = flows_by_hand(
        ("issuer_compute_loan", "I", "P", 8.0),
        ("investor_loan_interest", "P", "V", 6.0),
        ("investor_compute_loan", "V", "P", 4.0),
        ("gpu_purchase", "P", "Vendor", 5.0),
        ("issuer_loan_interest", "P", "I", 1.0),
    )
    table = journeys(run_by_hand(flows, {("investors", "V"): 2.0, ("providers", "P"): 0.0}))
    assert table.set_index("use")["usd_bn"].to_dict() == pytest.approx(
        {"gpu_purchase": 5.0, RETURNED: 1.0, "cash_investors": 2.0}
    )
    assert set(table["channel"]) == {"compute_loans"}


def test_an_end_is_shared_among_channels_in_proportion_to_what_they_put_into_the_mix():
    flows = flows_by_hand(
        ("issuer_lab_equity", "I", "L", 6.0),
        ("issuer_compute_loan", "I", "P", 1.0),
        ("compute", "L", "P", 3.0),
        ("lab_staff", "L", "Economy", 3.0),
        ("gpu_purchase", "P", "Vendor", 2.0),
        ("power", "P", "Economy", 2.0),
        ("open_data", "I", "Economy", 0.5),
    )
    table = journeys(run_by_hand(flows, {("labs", "L"): 0.0, ("providers", "P"): 0.0}))
    found = {(row.channel, row.use): row.usd_bn for row in table.itertuples()}
    assert found == pytest.approx(
        {
            ("lab_equity", "lab_staff"): 3.0,
            ("lab_equity", "gpu_purchase"): 1.5,
            ("lab_equity", "power"): 1.5,
            ("compute_loans", "gpu_purchase"): 0.5,
            ("compute_loans", "power"): 0.5,
            ("open_data", "open_data"): 0.5,
        }
    )


# The headline


@pytest.mark.parametrize("kind", KINDS)
def test_the_headline_is_made_of_finite_numbers(runs, kind):
    numbers = headline(runs(kind))
    assert all(type(number) is float and np.isfinite(number) for number in numbers.values())


def test_the_headline_is_the_sum_of_the_series(runs):
    run = runs("baseline")
    numbers, series = headline(run), run.series
    for name in ("interest_usd_bn", "redeployed_usd_bn", "interest_funded_gpu_usd_bn", "gpus_funded_by_interest"):
        assert numbers[name] == pytest.approx(float(series[name].sum()), rel=1e-9)
    share = series["interest_funded_gpu_usd_bn"].sum() / series["gpu_capex_usd_bn"].sum()
    assert numbers["interest_share_of_gpu_capex"] == pytest.approx(share, rel=1e-9)
    assert numbers["interest_funded_compute_usd_bn"] == pytest.approx(
        float(series["interest_funded_compute_usd_bn"].sum()), rel=1e-9, abs=1e-15
    )
    assert numbers["final_tokens_usd_bn"] == float(series["tokens_usd_bn"].iloc[-1])
    assert numbers["lab_revenue_last_year_usd_bn"] == pytest.approx(series["lab_revenue_usd_bn"][-4:].sum())


def test_failures_are_counted(runs):
    run = runs("failures")
    labs, providers, ventures = (run.series[f"{name}_alive"] for name in ("labs", "providers", "ventures"))
    gone = sum(int(alive.iloc[0] - alive.iloc[-1]) for alive in (labs, providers, ventures))
    newcomers = sum(event["kind"] == "entry" for event in run.events)
    assert headline(run)["failures"] == gone + newcomers > 0
    assert headline(runs("baseline"))["failures"] == sum(e["kind"] == "failure" for e in runs("baseline").events)


def test_attribution_needs_no_drawing():
    code = "import sys, sim.analysis.attribution; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
