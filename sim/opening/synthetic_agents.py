"""Synthetic agents in addition to the agents that a scenario names, with sizes drawn from a Pareto law."""

import math
from typing import Any

from sim.errors import ScenarioError
from sim.opening.draws import stream
from sim.scenario.quantities import with_number
from sim.scenario.schema import Described, Quantity, Scenario, Strict

TEMPLATES = {"issuers": ("paypal", "Issuer"), "labs": ("cohere", "Lab"), "providers": ("nebius", "Provider")}
"""Population -> the small named agent (template) that is copied, and the name of its copies."""

PERSISTENCE = {"issuers": ("tokens", "network"), "labs": ("labs_market", "share_network")}
"""Population -> section and key of the habit of its customers, which sets the attraction that keeps a size."""


def sources(scenario: Scenario) -> list[str]:
    """Return the dotted keys of agents and numbers that the synthetic agents of a scenario depend on."""
    populations = [population for population in TEMPLATES if getattr(scenario.tail, population)]
    return [
        *(f"{population}.{TEMPLATES[population][0]}" for population in populations),
        *(".".join(PERSISTENCE[population]) for population in populations if population in PERSISTENCE),
    ]


def with_tail(scenario: Scenario) -> Scenario:
    """Return a scenario with the synthetic agents of its `tail`; if the tail is empty, the scenario itself.

    A copy is a template with every amount of money or GPUs multiplied by the copy's size, and with the attraction
    that keeps the copy's market share at that size. Each size has a random stream of its own, so that a larger tail
    begins with the sizes of a smaller tail.

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
            problem = f"synthetic agents copy {template!r}, which the scenario lacks"
            raise ScenarioError(problem, f"tail.{population}", count, where=scenario.name)
        for number in range(1, count + 1):
            size = _size(scenario, population, number)
            copy = _scaled(agents[template], size)
            update: dict[str, Any] = {"name": f"{label} {number}"}
            if population in PERSISTENCE:
                section, key = PERSISTENCE[population]
                pull = (1.0 - getattr(scenario, section)[key].value) * math.log(size)
                update["attraction"] = with_number(copy.attraction, "", copy.attraction.value + pull)
            agents[f"{label.lower()}_{number}"] = copy.model_copy(update=update)
        changes[population] = agents
    return scenario.model_copy(update=changes) if changes else scenario


def _size(scenario: Scenario, population: str, number: int) -> float:
    """Draw a size by the inverse transform of the Pareto law: `x = x_min u^(-1/a)`, with u uniform."""
    draw = stream(scenario.run.seed, "tail", f"{population} {number}").random()
    tail = scenario.tail
    return tail.smallest.value * max(1.0 - draw, 1e-6) ** (-1.0 / tail.pareto_exponent.value)


def _scaled(agent: Any, size: float) -> Any:
    """Multiply every quantity that is an amount by `size`; shares, rates and ages stay as they are."""
    update: dict[str, Any] = {}
    for name, part in agent:
        if isinstance(part, Quantity) and part.unit in ("GPUs", "USD bn", "USD bn a year", "USD bn a quarter"):
            update[name] = with_number(part, "", part.value * size)
        elif isinstance(part, Strict) and not isinstance(part, Described):
            update[name] = _scaled(part, size)
    return agent.model_copy(update=update)
