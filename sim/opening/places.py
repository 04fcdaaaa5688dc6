"""Map from the keys of a scenario to the arrays of `Parameters`; it serves to build and to change parameters.

A section of the scenario becomes a field of `Parameters`, and the keys of the section are the names of the arrays in
that field. Channels and regimes are columns of arrays; agents are elements of the arrays that hold their traits.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, get_type_hints

import numpy as np

from sim.economy.parameters import CHANNELS, REGIMES, Parameters
from sim.opening.balance_sheets import table, vector
from sim.opening.synthetic_agents import sources
from sim.scenario.schema import SUMMED, Quantity, Scenario

_UNCHANGED = "environment tokens reserve liquidity credit entry gpus funding redeployment beliefs"
SECTIONS = {**{name: name for name in _UNCHANGED.split()}, "labs_market": "labs"}
"""Section of the scenario -> field of `Parameters` that holds its numbers."""
COLUMNS = {"regimes": ("regimes", REGIMES), "channels": ("redeployment", CHANNELS)}
"""Section with one table for each law or channel -> field of `Parameters`, and the order of its columns."""
TRAITS = {"issuers": "issuer", "labs": "lab", "providers": "provider", "investors": "investor", "ventures": "venture"}
"""Population -> field of `Parameters` that holds the traits of its agents, ordered as in the scenario."""
FIELD_TYPES: dict[str, Any] = get_type_hints(Parameters)
NAMES = {section: frozenset(field.name for field in fields(kind)) for section, kind in FIELD_TYPES.items()}
"""Field of `Parameters` -> names of its arrays."""
IN_BALANCE_SHEETS = frozenset({"gpus.useful_life"})
"""Keys of parameters on which the opening balance sheets also depend."""


@dataclass(frozen=True)
class Place:
    """The place in the parameters of a number from a scenario.

    Attributes:
        section: the field of `Parameters`.
        name: the name of the array in that field.
        index: the index of the number in the array; None where the array holds only this number.
    """

    section: str
    name: str
    index: int | None = None

    @property
    def parameter(self) -> str:
        """The dotted name of the array, such as gpus.gpu_price."""
        return f"{self.section}.{self.name}"


def place_of(scenario: Scenario, key: str) -> Place | None:
    """Return the only place in which the number at a dotted key affects the opening.

    Return None if a change of the number means that the opening must be built again: because no parameter holds the
    number, because balance sheets or synthetic agents depend on it, or because it is checked together with others.
    """
    parts = key.split(".")
    section, row, name = parts[0], parts[1:-1], parts[-1]
    made_from = any(f"{key}.".startswith(f"{source}.") for source in sources(scenario))
    if made_from or key in IN_BALANCE_SHEETS or name in SUMMED.get(section, ()):
        return None
    place = None
    if section in SECTIONS and not row:
        place = Place(SECTIONS[section], name)
    elif section in COLUMNS and len(row) == 1 and row[0] in COLUMNS[section][1]:
        field, columns = COLUMNS[section]
        place = Place(field, name, columns.index(row[0]))
    elif section in TRAITS and len(row) == 1:
        agents = getattr(scenario, section)
        if isinstance(getattr(agents.get(row[0]), name, None), Quantity):
            place = Place(TRAITS[section], name, list(agents).index(row[0]))
    return place if place is not None and place.name in NAMES[place.section] else None


def filled(parameters: Parameters, numbers: Mapping[Place, float]) -> Parameters:
    """Return parameters with the given numbers in their places; arrays that do not change are shared."""
    arrays: dict[str, dict[str, Any]] = defaultdict(dict)
    for place, number in numbers.items():
        section = arrays[place.section]
        if place.index is None:
            section[place.name] = np.float64(number)
        else:
            if place.name not in section:
                section[place.name] = np.array(getattr(getattr(parameters, place.section), place.name))
            section[place.name][place.index] = number
    return replace(
        parameters, **{name: replace(getattr(parameters, name), **changes) for name, changes in arrays.items()}
    )


def build_parameters(scenario: Scenario) -> Parameters:
    """Turn the numbers of a scenario, which has its synthetic agents, into the arrays that the economy reads."""
    arrays: dict[str, dict[str, Any]] = {name: {} for name in FIELD_TYPES}
    for section, name in SECTIONS.items():
        arrays[name] |= {key: np.float64(number.value) for key, number in getattr(scenario, section).items()}
    for section, (name, columns) in COLUMNS.items():
        tables = getattr(scenario, section)
        for key in NAMES[name] & tables[columns[0]].keys():
            arrays[name][key] = np.array([tables[column][key].value for column in columns])
    for population, matrices in _matrices(scenario).items():
        arrays[TRAITS[population]] = {key: np.asarray(rows, dtype=float) for key, rows in matrices.items()}
    for population, name in TRAITS.items():
        agents = getattr(scenario, population)
        arrays[name] |= {key: vector(agents, key) for key in NAMES[name] - arrays[name].keys()}
    return Parameters(**{name: FIELD_TYPES[name](**numbers) for name, numbers in arrays.items()})


def _matrices(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Return the traits that are not one number per agent: tables of numbers for other agents, and switches."""
    labs, providers, ventures = scenario.labs, scenario.providers, scenario.ventures
    investors = scenario.investors
    return {
        "labs": {
            "revenue_share": table(labs, "revenue_share", investors),
            "supplier_weight": table(labs, "suppliers", providers) + 1e-6,
        },
        "providers": {"hyperscale": [provider.hyperscale for provider in providers.values()]},
        "investors": {
            "lends": [investor.lends for investor in investors.values()],
            "lab_affinity": table(investors, "labs", labs),
            "provider_affinity": table(investors, "providers", providers),
            "loan_affinity": table(investors, "loans", providers),
            "venture_affinity": table(investors, "ventures", ventures),
        },
        "ventures": {
            "neurotech": [venture.kind == "neurotech" for venture in ventures.values()],
            "robotics": [venture.kind == "robotics" for venture in ventures.values()],
            "open_to_issuers": [venture.open_to_issuers for venture in ventures.values()],
        },
    }
