"""Dated events: what a scenario file may say, and what each kind does on its day and not before."""

import numpy as np
import pytest
from support.histories import history
from support.tiny import FROZEN

from sim.economy.books import measures
from sim.errors import ScenarioError
from sim.opening.open_economy import draws_for, open_economy
from sim.opening.schedule import schedule
from sim.scenario.events import KINDS, Event
from sim.scenario.load import load

BEFORE, DAY = 3, 4
"""Quarters closed before and on the day of the events below (2025Q1)."""


def dated(kind, quarter="2025Q1", **more):
    return {"events": [{"kind": kind, "quarter": quarter, **more}]}


def series(changes, quarters=6, seed=1):
    return [measures.series(economy) for economy, _ in history(seed=seed, quarters=quarters, changes=changes)[1]]


WRONG = [
    ({"kind": "redemption_shok", "target": "tether", "size": 0.1}, "did you mean 'redemption_shock'"),
    ({"kind": "redemption_shock", "target": "tehter", "size": 0.1}, "did you mean 'tether'"),
    ({"kind": "redemption_shock", "size": 0.1}, "needs a target"),
    ({"kind": "redemption_shock", "target": "tether"}, "needs a size (share of tokens, 0 to 1)"),
    ({"kind": "redemption_shock", "target": "tether", "size": 1.5}, "out of range; allowed: 0 to 1"),
    ({"kind": "redemption_shock", "target": "tether", "size": float("nan")}, "out of range; allowed: 0 to 1"),
    ({"kind": "bitcoin_crash", "target": "tether", "size": 0.5}, "takes no target"),
    ({"kind": "bitcoin_crash", "size": 0.5, "week": 3}, "takes no week"),
    ({"kind": "gpu_glut", "size": 0.5}, "number of quarters it lasts"),
    ({"kind": "default", "target": "northern-data"}, "did you mean 'northern_data'"),
    ({"kind": "default", "target": "tether"}, "target = 'tether': unknown name"),
    ({"kind": "regime_in_force", "target": "tether"}, "needs a regime"),
    ({"kind": "regime_in_force", "target": "tether", "regime": "geniu"}, "'offshore', 'genius' or 'mica'"),
    ({"kind": "ai_winter", "size": 1.0, "quarter": "2023Q4"}, "outside the history; allowed: 2024Q1 to 2030Q4"),
    ({"kind": "ai_winter", "size": 1.0, "quarter": "2031Q1"}, "outside the history; allowed: 2024Q1 to 2030Q4"),
    ({"kind": "ai_winter", "size": 1.0, "quarter": "2027Q5"}, "allowed: a quarter such as 2026Q1"),
    ({"kind": "ai_winter", "sise": 1.0}, "sise: unknown key, did you mean 'size'"),
    ({"kind": "ai_winter", "size": "0.5"}, "valid number"),
    ({"kind": "ai_winter", "size": True}, "valid number"),
    ({"size": 1.0}, "needs a kind"),
]


@pytest.mark.parametrize(("event", "told"), WRONG)
def test_a_wrong_event_is_refused_in_one_line_that_names_the_choices(event, told):
    with pytest.raises(ScenarioError) as refusal:
        load(FROZEN, {"events": [{"quarter": "2025Q1", **event}]})
    message = str(refusal.value)
    assert told in message
    assert "events.0" in message
    assert "\n" not in message


def test_every_kind_is_scheduled():
    """A kind that is declared and not laid out would be an event that never happens."""
    scenario = load(FROZEN)
    calm = schedule(scenario, 8)
    for name, kind in KINDS.items():
        target = {"issuer": "tether", "company": "northern_data", None: None}[kind.target]
        event = Event(
            quarter="2025Q1",
            kind=name,
            target=target,
            size=None if kind.unit is None else 0.1,
            quarters=2 if kind.lasts else None,
            regime="genius" if name == "regime_in_force" else None,
        )
        eventful = schedule(scenario.model_copy(update={"events": (event,)}), 8)
        changed = [key for key in vars(calm) if not np.array_equal(getattr(calm, key), getattr(eventful, key))]
        assert changed, name
        for key in changed:
            np.testing.assert_array_equal(getattr(calm, key)[:DAY], getattr(eventful, key)[:DAY], err_msg=name)


def test_an_event_leaves_every_random_number_alone():
    """M11-T1: twins differ in the event and in nothing else that is drawn."""
    plain, shocked = load(FROZEN), load(FROZEN, dated("bitcoin_crash", size=0.5))
    names = open_economy(plain).names
    ours, theirs = draws_for(plain, names, 3, 12), draws_for(shocked, names, 3, 12)
    for name in vars(ours):
        if name != "events":
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("until", ["2026Q2", "none"])
def test_bitcoin_loses_its_share_for_good_on_data_and_on_the_process_alike(until):
    base = {"history.until": until}
    plain, crashed = series(base), series({**base, **dated("bitcoin_crash", size=0.5)})
    for quarter, (ours, theirs) in enumerate(zip(plain, crashed, strict=True)):
        expected = 1.0 if quarter < DAY else 0.5
        assert theirs["bitcoin_usd"] / ours["bitcoin_usd"] == pytest.approx(expected)
    assert crashed[DAY]["excess_reserves_usd_bn"] < plain[DAY]["excess_reserves_usd_bn"]


def test_a_rate_shock_moves_the_bill_rate_at_once_and_never_below_zero():
    plain, cut = series({}), series(dated("rate_shock", size=-0.02))
    assert cut[BEFORE]["bill_rate"] == plain[BEFORE]["bill_rate"]
    assert cut[DAY]["bill_rate"] == pytest.approx(plain[DAY]["bill_rate"] - 0.02)
    assert cut[DAY]["interest_usd_bn"] < plain[DAY]["interest_usd_bn"]
    assert series(dated("rate_shock", size=-0.1))[DAY]["bill_rate"] == 0.0
    free = {"history.until": "none"}
    plain, cut = series(free), series({**free, **dated("rate_shock", size=-0.02)})
    assert cut[DAY]["bill_rate"] == pytest.approx(plain[DAY]["bill_rate"] - 0.02)
    assert plain[DAY]["bill_rate"] > cut[DAY + 1]["bill_rate"] > cut[DAY]["bill_rate"] - 0.01


def test_an_ai_winter_chills_mood_customers_and_valuations_and_passes():
    plain, winter = series({}, 16), series(dated("ai_winter", size=2.5), 16)
    assert winter[DAY]["ai_sentiment"] < plain[DAY]["ai_sentiment"] - 2.0
    for name in ("lab_revenue_usd_bn", "lab_value_usd_bn", "gpu_capex_usd_bn"):
        assert winter[DAY + 2][name] < plain[DAY + 2][name], name
    assert abs(winter[-1]["ai_sentiment"] - plain[-1]["ai_sentiment"]) < 0.5


def test_a_glut_lowers_the_rent_while_it_lasts():
    glut = dated("gpu_glut", size=0.5, quarters=4)
    plain, flooded = series({}, 14), series(glut, 14)
    assert flooded[DAY + 3]["gpu_rent_usd_hour"] < 0.95 * plain[DAY + 3]["gpu_rent_usd_hour"]
    assert flooded[DAY + 3]["provider_revenue_usd_bn"] < plain[DAY + 3]["provider_revenue_usd_bn"]
    capex = [sum(s["gpu_capex_usd_bn"] for s in run[DAY : DAY + 4]) for run in (plain, flooded)]
    assert capex[1] < capex[0]


def test_the_robotics_deal_closes_on_its_day_at_its_size():
    changes = dated("robotics_deal_closes", target="tether", size=1.2)
    plain, dealt = series({}), series(changes)
    assert dealt[DAY]["deployed_robotics_usd_bn"] == pytest.approx(1.2, rel=1e-9)
    assert dealt[BEFORE]["deployed_robotics_usd_bn"] == plain[BEFORE]["deployed_robotics_usd_bn"]
    _, closed = history(quarters=6, changes=changes)
    assert closed[DAY][0].books.journal.flows["issuer_venture_equity"].amount[0].max() == pytest.approx(1.2)


def test_a_shock_to_all_hits_every_coin():
    _, closed = history(quarters=5, changes=dated("redemption_shock", target="all", size=0.2))
    assert (closed[DAY][0].tokens.largest_outflow > 0.05).all()
    assert (closed[BEFORE][0].tokens.largest_outflow < 0.05).all()


def test_events_that_are_no_list_are_refused():
    for wrong in (5, "foo", {"kind": "ai_winter"}):
        with pytest.raises(ScenarioError, match="events"):
            load(FROZEN, {"events": wrong})
    with pytest.raises(ScenarioError, match="only the whole list can be set"):
        load(FROZEN, {"events.0.size": 0.5})


def test_no_deal_closes_with_a_company_that_is_dead():
    """The money stays where it is, and the books close."""
    events = [
        {"kind": "default", "quarter": "2024Q3", "target": "neura"},
        {"kind": "robotics_deal_closes", "quarter": "2024Q4", "target": "tether", "size": 1.2},
    ]
    _, closed = history(quarters=5, changes={"events": events})
    assert sum(e.books.journal.flows["issuer_venture_equity"].amount[0, 2] for e, _ in closed[2:]) == 0.0
    assert max(max(residuals.values()) for _, residuals in closed) <= 1e-9


def test_no_deal_closes_where_issuers_put_nothing_into_ai():
    """The twin without redeployment is one."""
    changes = dated("robotics_deal_closes", target="tether", size=1.2)
    dealt = series({**changes, "redeployment.redeployment": 0.0})
    assert sum(quarter["redeployed_usd_bn"] for quarter in dealt) == 0.0


@pytest.mark.parametrize("share", [0.9, 1.0])
def test_shock_upon_shock_leaves_no_negative_coin(share):
    events = [
        {"kind": "redemption_shock", "quarter": quarter, "target": "all", "size": share, "week": week}
        for quarter in ("2024Q2", "2024Q3", "2024Q4", "2025Q1")
        for week in range(1, 14)
    ]
    _start, closed = history(quarters=8, seed=4, changes={"events": events})
    for economy, residuals in closed:
        assert max(residuals.values()) <= 1e-9
        assert (economy.books.positions["tokens"]["reserve"] <= 1e-12).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_dead_coin_stays_dead(seed):
    """Rounding leaves dust of a coin that was wound up; nobody mints it anew."""
    shock = {"kind": "redemption_shock", "quarter": "2025Q1", "target": "all", "size": 0.5, "week": 3}
    changes = {"events": [shock], "liquidity.longest_closure": 2.0}
    _, closed = history(quarters=20, seed=seed, changes=changes)
    tokens = np.array([-economy.books.positions["tokens"]["reserve"] for economy, _ in closed])
    dead = tokens < 1e-9
    assert dead.any(), "no coin died: choose another scenario"
    assert (np.diff(1 * dead, axis=0) >= 0).all()


def test_bitcoin_can_crash_as_often_as_it_likes():
    crash = {"kind": "bitcoin_crash", "quarter": "2024Q3", "size": 0.99}
    _, closed = history(quarters=6, changes={"events": [crash] * 4})
    assert max(max(residuals.values()) for _, residuals in closed) <= 1e-9
