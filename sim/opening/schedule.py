"""The calendar of a history as arrays by quarter: dated events, and the arrival of GPU generations."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.economy.coins.weekly_rounds import WEEKS
from sim.economy.parameters import REGIMES
from sim.economy.state import Events
from sim.opening.synthetic_agents import with_tail
from sim.scenario.events import EVERYONE, MID_QUARTER, Event
from sim.scenario.quarters import ROLLOUT, between
from sim.scenario.schema import Scenario

Path = NDArray[np.float64]


def regime_of(scenario: Scenario) -> Path:
    """Return each issuer's law at the opening, `(issuer, regime)`: 1 in the column of the law, 0 elsewhere."""
    return np.array([[1.0 * (issuer.regime == name) for name in REGIMES] for issuer in scenario.issuers.values()])


def schedule(scenario: Scenario, quarters: int) -> Events:
    """Return the events of a scenario as arrays whose first axis is the quarter."""
    scenario = with_tail(scenario)
    issuers, ventures = list(scenario.issuers), list(scenario.ventures)
    by_issuer, by_week = (quarters, len(issuers)), (quarters, len(issuers), WEEKS)
    events = Events(
        regime=np.repeat(regime_of(scenario)[None], quarters, axis=0),
        audited=np.zeros(by_issuer),
        redemption=np.zeros(by_week),
        stuck=np.zeros(by_week),
        bitcoin=np.ones(quarters),
        bitcoin_level=np.ones(quarters),
        rate=np.zeros(quarters),
        rate_level=np.zeros(quarters),
        ai_sentiment=np.zeros(quarters),
        outside_supply=np.zeros(quarters),
        robotics_deal=np.zeros(by_issuer),
        bets_fail=np.zeros(by_issuer),
        failed_lab=np.zeros((quarters, len(scenario.labs))),
        failed_provider=np.zeros((quarters, len(scenario.providers))),
        failed_venture=np.zeros((quarters, len(ventures))),
    )
    for event in sorted(scenario.events, key=lambda event: event.quarter):
        when = between(scenario.run.opening, event.quarter) - 1
        if when < quarters:
            _enter(events, event, when, scenario)
    return events


def _enter(events: Events, event: Event, when: int, scenario: Scenario) -> None:
    """Write one event into the arrays, in place, while they are being built."""
    size = 0.0 if event.size is None else event.size
    whom = _hit(list(scenario.issuers), event.target)
    week = (event.week or MID_QUARTER) - 1
    match event.kind:
        case "redemption_shock":
            events.redemption[when, whom, week] += size
        case "bank_failure":
            events.stuck[when, whom, week] += size
        case "bitcoin_crash":
            events.bitcoin[when] *= 1.0 - size
            events.bitcoin_level[when:] *= 1.0 - size
        case "ai_winter":
            events.ai_sentiment[when] += size
        case "gpu_glut":
            lasting = slice(when, when + (event.quarters or 0))
            events.outside_supply[lasting] = np.minimum(events.outside_supply[lasting] + size, 0.95)
        case "default":
            for population, path in (
                (scenario.labs, events.failed_lab),
                (scenario.providers, events.failed_provider),
                (scenario.ventures, events.failed_venture),
            ):
                path[when] += [1.0 * (slug == event.target) for slug in population]
        case "bets_fail":
            events.bets_fail[when, whom] = 1.0
        case "rate_shock":
            events.rate[when] += size
            events.rate_level[when:] += size
        case "robotics_deal_closes":
            events.robotics_deal[when, whom] += size
        case "audit_published":
            events.audited[when:, whom] = 1.0
        case "regime_in_force":
            events.regime[when:, whom] = [1.0 * (name == event.regime) for name in REGIMES]
        case _:
            raise AssertionError(f"event kind {event.kind!r} is declared but not scheduled")


def _hit(issuers: list[str], target: str | None) -> list[int]:
    """Return the indices of the issuers that an event hits; an empty list if its target is not an issuer."""
    return [index for index, name in enumerate(issuers) if target in (name, EVERYONE)]


def arrival(quarters: Sequence[str], generations: Sequence[str]) -> list[float]:
    """Return the years of technical progress in GPUs that arrive in each quarter.

    Progress comes with generations of GPUs: the progress made since the previous generation arrives in the four
    quarters that begin with the first use in volume (the rollout), and no progress arrives between two rollouts.
    Before the first generation, and after the rollout of the last, a quarter of a year's progress arrives in each
    quarter. So progress in the long run is the same whatever the dates of the generations.

    Args:
        quarters: labels such as 2024Q1.
        generations: labels of the quarters of first use in volume, in order, at least four quarters apart.
    """
    return [_pace(quarter, generations) / 4.0 for quarter in quarters]


def _pace(quarter: str, generations: Sequence[str]) -> float:
    """Return the pace of progress in a quarter, as a multiple of its pace in the long run."""
    launched = [launch for launch in generations if launch <= quarter]
    if launched and between(launched[-1], quarter) < ROLLOUT:
        return between(launched[-2], launched[-1]) / ROLLOUT if len(launched) > 1 else 1.0
    return 0.0 if 0 < len(launched) < len(generations) else 1.0
