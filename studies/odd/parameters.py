"""The parameter page: every number of a scenario, with its meaning, unit, range, kind and source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from sim.economy import parameters, state
from sim.economy.capital.parameters import CreditParameters, FundingParameters, RedeploymentParameters
from sim.economy.coins.parameters import LiquidityParameters, RegimeParameters, ReserveParameters, TokenParameters
from sim.economy.compute.parameters import GpuParameters, LabParameters
from sim.scenario import schema
from sim.scenario.agents import (
    Declared,
    Facility,
    InvestorConfig,
    Issuer,
    Lab,
    Loan,
    OwnSheet,
    Provider,
    ReserveSheet,
    VentureConfig,
)
from sim.scenario.levers import BY_NAME
from sim.scenario.quantities import Described, Quantity, Table
from sim.scenario.schema import Scenario
from studies.markdown import code, number, table
from studies.odd.meanings import meanings

SECTIONS: dict[str, tuple[str, type]] = {
    "environment": ("Interest rate, asset prices and moods", parameters.EnvironmentParameters),
    "tokens": ("Demand for tokens, runs and the bill yield", TokenParameters),
    "reserve": ("Income of the reserve", ReserveParameters),
    "liquidity": ("What holdings fetch in a hurry", LiquidityParameters),
    "credit": ("Compute loans", CreditParameters),
    "entry": ("Newcomers", parameters.EntryParameters),
    "labs_market": ("AI labs", LabParameters),
    "gpus": ("GPU hours and GPUs", GpuParameters),
    "funding": ("Rounds, valuations and investors", FundingParameters),
    "redeployment": ("What issuers do with their profit", RedeploymentParameters),
    "beliefs": ("Beliefs", parameters.BeliefParameters),
    "market": ("Prices and expectations at the opening", schema.Market),
    "sectors": ("Opening holdings of the environment", schema.Sectors),
    "tail": ("Synthetic agents", schema.Tail),
}
"""Sections of one number a key: title, and the class whose fields say what the keys mean."""
BY_COLUMN: dict[str, tuple[str, type]] = {
    "regimes": ("The laws", RegimeParameters),
    "channels": ("Channels of redeployment", RedeploymentParameters),
    "issuers": ("Issuers", Issuer),
    "labs": ("Labs", Lab),
    "providers": ("Providers", Provider),
    "investors": ("Investors", InvestorConfig),
    "ventures": ("Ventures", VentureConfig),
}
"""Sections with the same keys for each of several agents (or laws, or channels): title, and class."""
LISTS: dict[str, tuple[str, type]] = {
    "loans": ("Compute loans outstanding at the opening", Loan),
    "facilities": ("Compute loans signed and not yet drawn", Facility),
}
SHEETS: dict[str, type] = {"reserve": ReserveSheet, "own": OwnSheet, "declared": Declared}
"""Parts of an issuer's table."""
SETTINGS: dict[str, type] = {"run": schema.RunSettings, "history": schema.Calendar, "tail": schema.Tail}
Number = Quantity | Table
NUMBER_HEAD = ("key", "meaning", "value", "unit", "range", "kind", "source", "lever")
SOURCE_HEAD = ("key", "range", "kind", "source")
LEVERS = {lever.key: name for name, lever in BY_NAME.items()}


def page(scenario: Scenario) -> str:
    """Write the parameter page of a scenario, in Markdown."""
    parts = [_head(scenario), _settings(scenario)]
    for name, (title, owner) in SECTIONS.items():
        parts.append(f"## {title}: `[{name}]`\n\n" + _section(name, getattr(scenario, name), meanings(owner)))
    for name, (title, owner) in BY_COLUMN.items():
        parts.append(f"## {title}: `[{name}.*]`\n\n" + _by_column(name, getattr(scenario, name), owner))
    for name, (title, owner) in LISTS.items():
        numbers = dict(enumerate(getattr(scenario, name)))
        parts.append(f"## {title}: `[[{name}]]`\n\n" + _listed(name, numbers, meanings(owner)))
    return "\n".join(parts)


def numbers_of(scenario: Scenario) -> dict[str, Number]:
    """Every number (or table of numbers) of a scenario by its dotted key."""
    return dict(leaf for name in type(scenario).model_fields for leaf in _leaves(getattr(scenario, name), name))


def meaning(key: str) -> str:
    """Return what a dotted key means, without the agent that it belongs to.

    Raises:
        KeyError: if there is no such key.
    """
    section, *rest = key.split(".")
    if section in SECTIONS:
        return meanings(SECTIONS[section][1])[rest[0]]
    return _nested_meanings(BY_COLUMN[section][1])[".".join(rest[1:])]


def source(described: Described) -> str:
    """Where a number comes from: rows of data, notes, reasons."""
    rows = [_row(row) for row in getattr(described, "data", ())]
    scale = getattr(described, "scale", 1.0)
    times = [f"times {number(scale)}"] if rows and scale != 1.0 else []
    return "; ".join([*rows, *times, *(text for text in (described.note, described.why) if text)])


def _head(scenario: Scenario) -> str:
    count: Counter[str] = Counter()
    for quantity in numbers_of(scenario).values():
        count[quantity.kind] += len(quantity.values) if isinstance(quantity, Table) else 1
    kinds = ", ".join(f"{count[kind]} {kind}" for kind in sorted(count))
    return (
        f"# Parameters and opening state of the {scenario.title.lower()}\n\n"
        "Written by `python -m studies.odd` from `configs/`; do not edit. Part of the model's ODD protocol,\n"
        "[odd.md](odd.md); the symbols of parameters are in [odd-submodels.md](odd-submodels.md).\n\n"
        f"{count.total():,} numbers: {kinds}. *data*: read from a source, or from the row of `configs/data`\n"
        "that is named; *calibrated*: chosen so that the model agrees with data up to 2025Q2; *assumption*:\n"
        "neither, with a range that is plausible. The range is what the model accepts; no range means not\n"
        "negative. A lever is the short name under which sweeps, sliders and `--set` reach a number; every other\n"
        "one is reached by its key.\n"
    )


def _settings(scenario: Scenario) -> str:
    rows = []
    for name, owner in SETTINGS.items():
        texts = meanings(owner)
        for key, value in getattr(scenario, name):
            if not isinstance(value, Described):
                rows.append((code(f"{name}.{key}"), texts[key], str(value)))
    return "## Settings\n\n" + table(("key", "meaning", "value"), rows)


def _section(name: str, section: Any, texts: Mapping[str, str]) -> str:
    numbers = {key: entry for key, entry in _items(section) if isinstance(entry, Number)}
    return table(NUMBER_HEAD, [_number_row(f"{name}.{key}", entry, texts[key]) for key, entry in numbers.items()])


def _listed(name: str, entries: Mapping[int, BaseModel], texts: Mapping[str, str]) -> str:
    rows = []
    for index, entry in entries.items():
        for key, value in entry:
            if isinstance(value, Quantity):
                rows.append(_number_row(f"{name}.{index}.{key}", value, texts[key]))
            else:
                rows.append((code(f"{name}.{index}.{key}"), texts[key], code(str(value)), "", "", "", "", ""))
    return table(NUMBER_HEAD, rows)


def _number_row(key: str, entry: Number, meaning: str) -> tuple[str, ...]:
    lever = code(LEVERS[key]) if key in LEVERS else ""
    return (code(key), meaning, _value(entry), entry.unit, _range(entry), entry.kind, source(entry), lever)


def _by_column(name: str, agents: Mapping[str, Any], owner: type) -> str:
    """Values with one column an agent, then where each number comes from."""
    texts = _nested_meanings(owner)
    flat = {agent: dict(_flat(entry)) for agent, entry in agents.items()}
    keys = list(dict.fromkeys(key for entry in flat.values() for key in entry))
    rows = []
    for key in keys:
        values_of_key = [entry[key] for entry in flat.values() if key in entry]
        units = dict.fromkeys(value.unit for value in values_of_key if isinstance(value, Described))
        cells = [_value(entry[key]) if key in entry else "" for entry in flat.values()]
        rows.append((code(key), texts[key], ", ".join(units), *cells))
    origins = [
        (code(f"{name}.{agent}.{key}"), _range(value), value.kind, source(value))
        for agent, entry in flat.items()
        for key, value in entry.items()
        if isinstance(value, Described)
    ]
    values = table(("key", "meaning", "unit", *(code(agent) for agent in agents)), rows)
    return f"{values}\nWhere each number comes from:\n\n{table(SOURCE_HEAD, origins)}"


def _nested_meanings(owner: type) -> dict[str, str]:
    """Meanings of the fields of a class and, with a dot, of the sheets within it."""
    texts = meanings(owner)
    if owner is RedeploymentParameters:
        texts["propensity"] = f"{meanings(state.Redeployment)['propensity']}, at the opening"
    if owner is Issuer:
        for name, sheet in SHEETS.items():
            texts |= {f"{name}.{key}": f"{meaning} ({name})" for key, meaning in meanings(sheet).items()}
    return texts


def _flat(entry: Any) -> Iterator[tuple[str, Any]]:
    """Numbers, words and switches of an agent; those of a sheet with a dot."""
    for key, value in _items(entry):
        if isinstance(value, BaseModel) and not isinstance(value, Described):
            for inner, number_ in _flat(value):
                yield f"{key}.{inner}", number_
        elif value is not None and key != "name":
            yield key, value


def _leaves(entry: Any, at: str) -> Iterator[tuple[str, Number]]:
    if isinstance(entry, (Quantity, Table)):
        yield at, entry
    elif isinstance(entry, (Mapping, BaseModel, tuple)):
        for key, inner in _items(entry):
            yield from _leaves(inner, f"{at}.{key}")


def _items(entry: Any) -> list[tuple[str, Any]]:
    if isinstance(entry, Mapping):
        return [(str(key), value) for key, value in entry.items()]
    return [(str(key), value) for key, value in (enumerate(entry) if isinstance(entry, tuple) else entry)]


def _value(entry: Any) -> str:
    if isinstance(entry, Quantity):
        return number(entry.value)
    if isinstance(entry, Table):
        return ", ".join(f"{name} {number(value)}" for name, value in entry.values.items()) or "none"
    return {True: "yes", False: "no"}.get(entry, str(entry)) if isinstance(entry, bool) else str(entry)


def _range(described: Described) -> str:
    return "" if described.range is None else f"{number(described.range[0])} to {number(described.range[1])}"


def _row(reference: str) -> str:
    """Return a row of configs/data by its file and its own words."""
    file, *words = reference.split("|")
    return f"{file}.csv: {', '.join(words)}"
