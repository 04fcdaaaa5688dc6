"""Synthetic agents beside the named ones, with sizes drawn from a Pareto law."""

from __future__ import annotations

import math
from typing import Any

from sim.errors import ScenarioError
from sim.opening.draws import stream
from sim.scenario.schema import Described, Quantity, Scenario, Strict

TEMPLATES = {"issuers": ("paypal", "Issuer"), "labs": ("cohere", "Lab"), "providers": ("nebius", "Provider")}
"""The small named agent that is copied, and what the copies are called."""

PERSISTENCE = {"issuers": ("tokens", "network"), "labs": ("labs_market", "share_network")}
"""Section and key of the number by which holders or customers stay, from which the pull of a size follows."""


def sources(scenario: Scenario) -> list[str]:
    """Return dotted keys of agents and numbers that the synthetic agents of a scenario are made from."""
    populations = [population for population in TEMPLATES if getattr(scenario.tail, population)]
    return [
        *(f"{population}.{TEMPLATES[population][0]}" for population in populations),
        *(".".join(PERSISTENCE[population]) for population in populations if population in PERSISTENCE),
    ]


def with_tail(scenario: Scenario) -> Scenario:
    """Add the synthetic agents that `tail` asks for; without any, the scenario itself.

    A copy is its template with every amount of money, hours or GPUs multiplied by its size, and with the pull on
    customers or holders that keeps its share at that size. Sizes have their own random stream, by the agent's
    number, so that a larger tail begins with the sizes of a smaller one.

    Raises:
        ScenarioError: if the template is not in the scenario.
    """
    changes: dict[str, Any] = {}
    for population, (template, label) in TEMPLATES.items():
        count = getattr(scenario.tail, population)
        if not count:
            continue
        agents = dict(getattr(scenario, population))
        if template not in agents:
            problem = f"copies {template!r}, which is not there"
            raise ScenarioError(problem, f"tail.{population}", count, where=scenario.name)
        for number in range(1, count + 1):
            size = _size(scenario, population, number)
            copy = _scaled(agents[template], size)
            update: dict[str, Any] = {"name": f"{label} {number}"}
            if population in PERSISTENCE:
                section, key = PERSISTENCE[population]
                pull = (1.0 - getattr(scenario, section)[key].value) * math.log(size)
                update["attraction"] = _moved(copy.attraction, pull)
            agents[f"{label.lower()}_{number}"] = copy.model_copy(update=update)
        changes[population] = agents
    return scenario.model_copy(update=changes) if changes else scenario


def _size(scenario: Scenario, population: str, number: int) -> float:
    """Inverse transform of the Pareto law: `x = x_min u^(-1/a)`."""
    draw = stream(scenario.run.seed, "tail", f"{population} {number}").random()
    tail = scenario.tail
    return tail.smallest.value * max(1.0 - draw, 1e-6) ** (-1.0 / tail.pareto_exponent.value)


def _scaled(agent: Any, size: float) -> Any:
    """Multiply every quantity that is an amount; shares, rates and ages stay."""
    update: dict[str, Any] = {}
    for name, part in agent:
        if isinstance(part, Quantity) and part.unit in ("GPUs", "USD bn", "USD bn a year", "USD bn a quarter"):
            update[name] = part.model_copy(update={"value": part.value * size})
        elif isinstance(part, Strict) and not isinstance(part, Described):
            update[name] = _scaled(part, size)
    return agent.model_copy(update=update)


def _moved(quantity: Quantity, by: float) -> Quantity:
    return quantity.model_copy(update={"value": quantity.value + by})
