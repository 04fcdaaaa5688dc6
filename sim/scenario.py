"""What a run is told: the typed schema of `configs/*.toml`.

A scenario file says only what it changes and names the file it `extends`. Loading merges the chain, applies
`--set` keys, reads data rows, and validates everything; what comes out is a frozen `Scenario`. Every mistake is
a `ScenarioError`: one line with the file or key, the value, and what is allowed.
"""

from __future__ import annotations

import csv
import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from sim.economy import rules
from sim.economy.rules import CHANNELS

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
QUARTER_PATTERN = r"^\d{4}Q[1-4]$"


class ScenarioError(ValueError):
    """A mistake in a scenario, in one line."""


class Strict(BaseModel):
    """Refuses unknown keys and later changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Described(Strict):
    """What every number of the configs carries beside its value."""

    unit: str
    range: tuple[float, float] | None = None
    kind: Literal["data", "calibrated", "assumption", "set"] = "assumption"
    why: str = ""
    note: str = ""

    def _check(self, number: float) -> None:
        if self.range is not None and not self.range[0] <= number <= self.range[1]:
            low, high = self.range
            raise ValueError(f"{number:g} {self.unit} is outside the allowed range {low:g} to {high:g}")
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError(f"{number} is not a finite number")


class Quantity(Described):
    """A number with its unit, range, kind and source.

    Attributes:
        value: the number.
        data: the row or rows of configs/data it is read from (`file|entity|quarter|metric`), if any.
        scale: what a data row is multiplied with.
    """

    value: float
    data: tuple[str, ...] = ()
    scale: float = 1.0

    @model_validator(mode="before")
    @classmethod
    def _read_data(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise ValueError(f"expected a number, got {raw!r}")
        raw = dict(raw)
        if "data" in raw:
            references = [raw["data"]] if isinstance(raw["data"], str) else list(raw["data"])
            raw["data"] = tuple(references)
            if "value" not in raw:
                raw["value"] = sum(read_data(row) for row in references) * raw.get("scale", 1.0)
                raw.setdefault("kind", "data")
        if raw.get("kind", "assumption") == "assumption" and "range" not in raw:
            raise ValueError("an assumption needs a range")
        if isinstance(raw.get("value"), (bool, str)):
            raise ValueError(f"expected a number, got {raw['value']!r}")
        return raw

    @model_validator(mode="after")
    def _in_range(self) -> Quantity:
        self._check(self.value)
        return self


class Table(Described):
    """Numbers by name, such as who owns a company."""

    values: dict[str, float]

    @model_validator(mode="after")
    def _in_range(self) -> Table:
        for name, number in self.values.items():
            try:
                self._check(number)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return self


class RunSettings(Strict):
    """How long a history is, and its seed."""

    quarters: Annotated[int, Field(ge=1, le=400)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    opening: Annotated[str, Field(pattern=QUARTER_PATTERN)]


class History(Strict):
    """Until when bill rate, bitcoin and gold follow the data."""

    until: Annotated[str, Field(pattern=r"^(\d{4}Q[1-4]|none)$")]


class ReserveSheet(Strict):
    """What backs the tokens."""

    cash: Quantity | None = None
    bills: Quantity | None = None
    repo: Quantity | None = None
    secured_loans: Quantity | None = None
    bitcoin: Quantity | None = None
    gold: Quantity | None = None
    other_ventures: Quantity | None = None


class OwnSheet(Strict):
    """What the issuer owns beside its reserve, stakes in companies apart."""

    cash: Quantity | None = None
    bills: Quantity | None = None
    repo: Quantity | None = None
    bitcoin: Quantity | None = None
    gold: Quantity | None = None
    other_ventures: Quantity | None = None


class Declared(Strict):
    """Totals published beside the parts."""

    total_assets: Quantity | None = None
    excess_reserves: Quantity | None = None
    group_equity: Quantity | None = None


class Issuer(Strict):
    """A stablecoin issuer."""

    name: str
    regime: Literal["offshore", "genius", "mica"]
    tokens: Quantity
    reserve: ReserveSheet
    own: OwnSheet
    declared: Declared = Declared()
    headcount: Quantity
    attraction: Quantity
    redeploys: Quantity
    ambition: Quantity
    cash_share: Quantity
    repo_share: Quantity
    secured_share: Quantity
    on_platform_share: Quantity
    residual_share: Quantity
    pass_through: Quantity
    fixed_costs: Quantity
    proportional_costs: Quantity


class Lab(Strict):
    """An AI lab."""

    name: str
    cash: Quantity
    equity_value: Quantity
    revenue_runrate: Quantity
    spending: Quantity
    growth: Quantity
    training_compute: Quantity
    attraction: Quantity
    planning_horizon: Quantity
    private_data: Quantity
    owners: Table
    revenue_share: Table
    suppliers: Table


class Provider(Strict):
    """A GPU provider."""

    name: str
    hyperscale: bool
    cash: Quantity
    gpus: Quantity
    gpu_age: Quantity
    gpu_cost: Quantity
    equity_value: Quantity
    debt: Quantity
    parent_budget: Quantity
    customer_weight: Quantity
    expansion: Quantity
    owners: Table


class Investor(Strict):
    """An investor."""

    name: str
    lends: bool
    cash: Quantity
    budget: Quantity
    labs: Table
    providers: Table
    loans: Table
    ventures: Table


class Venture(Strict):
    """A neurotech or robotics company."""

    name: str
    kind: Literal["neurotech", "robotics"]
    open_to_issuers: bool
    cash: Quantity
    equity_value: Quantity
    burn: Quantity
    revenue: Quantity
    burn_growth: Quantity
    milestones: Quantity
    progress: Quantity
    owners: Table


class Loan(Strict):
    """A compute loan outstanding at the opening."""

    lender: str
    borrower: str
    amount: Quantity
    rate: Quantity
    remaining: Quantity


class Facility(Strict):
    """A compute loan signed and not yet drawn."""

    lender: str
    borrower: str
    amount: Quantity
    draws: Quantity


class Tail(Strict):
    """Synthetic agents beside the named ones."""

    issuers: Annotated[int, Field(ge=0, le=100_000)]
    labs: Annotated[int, Field(ge=0, le=100_000)]
    providers: Annotated[int, Field(ge=0, le=100_000)]
    pareto_exponent: Quantity
    smallest: Quantity


class Market(Strict):
    """Prices and expectations at the opening."""

    bill_rate: Quantity
    bitcoin: Quantity
    gold: Quantity
    rent: Quantity
    demand_growth: Quantity


class Sectors(Strict):
    """Opening holdings of the environment."""

    economy_cash: Quantity
    economy_bills: Quantity
    economy_bitcoin: Quantity
    economy_gold: Quantity
    government_cash: Quantity
    vendor_cash: Quantity


def _section(owner: type, only: frozenset[str] | None = None) -> Any:
    """A table whose keys are exactly the fields of a rules dataclass."""
    names = only or frozenset(field.name for field in fields(owner))

    def check(section: dict[str, Quantity]) -> dict[str, Quantity]:
        for key in section:
            if key not in names:
                raise ValueError(f"unknown key {key!r}{suggestion(key, names)}")
        missing = sorted(names - set(section))
        if missing:
            raise ValueError(f"missing key {missing[0]!r}")
        return section

    return Annotated[dict[str, Quantity], AfterValidator(check)]


CHANNEL_KEYS = frozenset({"prior_return", "risk", "visibility", "cost", "ticket", "propensity"})
REDEPLOYMENT_KEYS = frozenset(f.name for f in fields(rules.RedeploymentRules)) - CHANNEL_KEYS
Channel = _section(rules.RedeploymentRules, CHANNEL_KEYS)


class Scenario(Strict):
    """Everything that a run is told."""

    name: str
    title: str
    about: str
    run: RunSettings
    history: History
    environment: _section(rules.EnvironmentRules)  # type: ignore[valid-type]
    tokens: _section(rules.TokenRules)  # type: ignore[valid-type]
    reserve: _section(rules.ReserveRules)  # type: ignore[valid-type]
    credit: _section(rules.CreditRules)  # type: ignore[valid-type]
    labs_market: _section(rules.LabRules)  # type: ignore[valid-type]
    gpus: _section(rules.GpuRules)  # type: ignore[valid-type]
    funding: _section(rules.FundingRules)  # type: ignore[valid-type]
    redeployment: _section(rules.RedeploymentRules, REDEPLOYMENT_KEYS)  # type: ignore[valid-type]
    channels: dict[str, Channel]  # type: ignore[valid-type]
    beliefs: _section(rules.BeliefRules)  # type: ignore[valid-type]
    market: Market
    sectors: Sectors
    tail: Tail
    issuers: dict[str, Issuer]
    labs: dict[str, Lab]
    providers: dict[str, Provider]
    investors: dict[str, Investor]
    ventures: dict[str, Venture]
    loans: tuple[Loan, ...] = ()
    facilities: tuple[Facility, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Scenario:
        if set(self.channels) != set(CHANNELS):
            raise ValueError(f"channels must be exactly {', '.join(CHANNELS)}")
        _check_names(self)
        return self


    def changed(self, changes: Mapping[str, Any]) -> Scenario:
        """Return the scenario with other values at some dotted keys.

        Raises:
            ScenarioError: if a key is unknown or a value is not allowed.
        """
        raw = self.model_dump(mode="python")
        for key, value in changes.items():
            _set(raw, key, value)
        return _validated(raw, self.name)


def load(name: str | Path, changes: Mapping[str, Any] | None = None) -> Scenario:
    """Load a scenario by name or path, with changes by dotted key.

    Args:
        name: a name under `configs/` or `configs/scenarios/`, or the path of a TOML file.
        changes: dotted key -> value, such as `{"environment.terminal_rate": 0.01}`; applied last.

    Returns:
        The validated scenario, complete with what it extends.

    Raises:
        ScenarioError: for anything wrong, in one line.
    """
    path = find(name)
    raw = _merged(path, seen=())
    raw["name"] = path.stem
    for key, value in (changes or {}).items():
        _set(raw, key, value)
    return _validated(raw, path.name)


def changed_keys(base: Scenario, other: Scenario) -> dict[str, dict[str, Any]]:
    """Where two scenarios differ: dotted key -> values `from` and `to`; names and texts left aside."""
    before = _flat(base.model_dump(mode="json"))
    after = _flat(other.model_dump(mode="json"))
    return {
        key: {"from": before.get(key), "to": after.get(key)}
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    }


def _flat(raw: Any, at: str = "") -> dict[str, Any]:
    """Leaves by dotted key; a quantity is its value."""
    if isinstance(raw, dict):
        if "unit" in raw:
            raw = raw.get("value", raw.get("values"))
            return {at: raw} if not isinstance(raw, dict) else _flat(raw, at)
        items = {k: v for k, v in raw.items() if at or k not in ("name", "title", "about")}
        return {k: v for key, part in items.items() for k, v in _flat(part, f"{at}.{key}" if at else key).items()}
    if isinstance(raw, (list, tuple)):
        return {k: v for index, part in enumerate(raw) for k, v in _flat(part, f"{at}.{index}").items()}
    return {at: raw}


def find(name: str | Path) -> Path:
    """Return the file of a scenario given by name or path.

    Raises:
        ScenarioError: if there is none, naming the scenarios there are.
    """
    text = str(name)
    if text.endswith(".toml") or "/" in text:
        path = Path(text)
        if path.is_file():
            return path
        raise ScenarioError(f"scenario file {text} does not exist")
    known = names()
    if text in known:
        return known[text]
    raise ScenarioError(
        f"unknown scenario {text!r}{suggestion(text, known)}; there are {', '.join(sorted(known))}"
    )


def names() -> dict[str, Path]:
    """Scenarios that ship: name -> file."""
    files = [*CONFIGS.glob("*.toml"), *(CONFIGS / "scenarios").glob("*.toml")]
    return {path.stem: path for path in sorted(files)}


def suggestion(word: str, choices: Any) -> str:
    """Return ", did you mean 'x'?" for a likely misspelling, or an empty string."""
    close = difflib.get_close_matches(word, list(choices), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def parse_value(text: str) -> Any:
    """Read the value of `--set key=value` as TOML, or as a plain string where it is not."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


@cache
def _data_table(name: str) -> dict[tuple[str, str, str], float]:
    path = CONFIGS / "data" / f"{name}.csv"
    try:
        with path.open(newline="", encoding="utf8") as handle:
            return {
                (line["entity"], line["quarter"], line["metric"]): float(line["value"])
                for line in csv.DictReader(handle)
            }
    except FileNotFoundError:
        raise ScenarioError(f"data file {path} is missing") from None
    except (KeyError, ValueError, csv.Error) as error:
        raise ScenarioError(f"data file {path} is damaged: {error}") from None


def read_data(reference: str) -> float:
    """Return the value of a data row: `file|entity|quarter|metric`, or `file|quarter|column` of a wide file.

    Raises:
        ValueError: if there is no such row.
        ScenarioError: if the file is missing or damaged.
    """
    parts = tuple(part.strip() for part in reference.split("|"))
    if len(parts) == 3:
        try:
            return read_series(parts[0])[parts[1]][parts[2]]
        except KeyError:
            raise ValueError(f"no data {reference!r} in configs/data/{parts[0]}.csv") from None
    if len(parts) != 4:
        raise ValueError(
            f"data row {reference!r} is not of the form file|entity|quarter|metric or file|quarter|column"
        )
    table = _data_table(parts[0])
    if parts[1:] not in table:
        raise ValueError(f"no data row {reference!r} in configs/data/{parts[0]}.csv")
    return table[parts[1:]]


@cache
def read_series(name: str) -> dict[str, dict[str, float]]:
    """Return a wide data file (`rates`, `assets`) as quarter -> column -> number; text and gaps are left out.

    Raises:
        ScenarioError: if the file is missing or damaged.
    """
    path = CONFIGS / "data" / f"{name}.csv"
    series: dict[str, dict[str, float]] = {}
    try:
        with path.open(newline="", encoding="utf8") as handle:
            for line in csv.DictReader(handle):
                series[line["quarter"]] = {
                    key: float(text) for key, text in line.items() if _is_number(text)
                }
    except FileNotFoundError:
        raise ScenarioError(f"data file {path} is missing") from None
    except (KeyError, csv.Error) as error:
        raise ScenarioError(f"data file {path} is damaged: no column {error}") from None
    return series


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True


def _validated(raw: dict[str, Any], where: str) -> Scenario:
    try:
        return Scenario.model_validate(raw)
    except ValidationError as error:
        raise ScenarioError(f"{where}: {_first_error(error)}") from None


def _merged(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read a file and everything it extends, nearest last."""
    if path in seen:
        raise ScenarioError(f"{path.name} extends itself through {' -> '.join(p.name for p in seen)}")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf8"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path} is not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} cannot be read: {error}") from None
    base = raw.pop("extends", None)
    if base is None:
        return raw
    beside = path.parent / f"{base}.toml"
    parent = _merged(beside if beside.is_file() else find(base), (*seen, path))
    return _merge(parent, raw, path.name, ())


def _merge(base: dict[str, Any], change: dict[str, Any], where: str, at: tuple[str, ...]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        if key not in base and at:
            dotted = ".".join((*at, key))
            raise ScenarioError(f"{where}: unknown key {dotted}{suggestion(key, base)}")
        merged[key] = _merge_value(base.get(key), value, where, (*at, key))
    return merged


def _merge_value(old: Any, new: Any, where: str, at: tuple[str, ...]) -> Any:
    if isinstance(old, dict) and ("unit" in old):
        if isinstance(new, dict):
            kept = {k: v for k, v in old.items() if not (k == "data" and "value" in new)}
            return {**kept, **new}
        if "values" in old:
            dotted = ".".join(at)
            raise ScenarioError(f"{where}: {dotted} = {new!r}: expected a table of numbers by name")
        kept = {k: v for k, v in old.items() if k not in ("data", "scale", "why", "note")}
        return {**kept, "value": new, "kind": "set", "why": f"set by {where}"}
    if isinstance(old, dict) and isinstance(new, dict):
        return _merge(old, new, where, at)
    return new


def _set(raw: dict[str, Any], dotted: str, value: Any) -> None:
    """Change one key given by its dotted path."""
    keys = dotted.split(".")
    place = raw
    for depth, key in enumerate(keys[:-1]):
        if not isinstance(place.get(key), dict):
            known = ".".join(keys[:depth])
            raise ScenarioError(
                f"--set {dotted}: unknown key {key!r}{' in ' + known if known else ''}{suggestion(key, place)}"
            )
        place = place[key]
    if keys[-1] not in place or keys[-1] in ("unit", "range", "kind", "name"):
        raise ScenarioError(f"--set {dotted}: unknown key {keys[-1]!r}{suggestion(keys[-1], place)}")
    place[keys[-1]] = _merge_value(place[keys[-1]], value, "--set", tuple(keys))


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    dotted = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    given = first.get("input")
    shown = f" = {given!r}" if isinstance(given, (str, int, float, bool)) else ""
    others = error.error_count() - 1
    more = f" (and {others} more)" if others else ""
    if first["type"] == "extra_forbidden":
        message = "unknown key"
    return f"{dotted}{shown}: {message}{more}" if dotted else f"{message}{more}"


def _check_names(scenario: Scenario) -> None:
    """Everyone who is referred to exists."""
    holders = {*scenario.issuers, *scenario.investors, "economy"}
    for population in (scenario.labs, scenario.providers, scenario.ventures):
        for slug, company in population.items():
            _known(f"{slug}.owners", company.owners.values, holders)
    for slug, lab in scenario.labs.items():
        _known(f"labs.{slug}.revenue_share", lab.revenue_share.values, scenario.investors)
        _known(f"labs.{slug}.suppliers", lab.suppliers.values, scenario.providers)
    for slug, investor in scenario.investors.items():
        _known(f"investors.{slug}.labs", investor.labs.values, scenario.labs)
        _known(f"investors.{slug}.providers", investor.providers.values, scenario.providers)
        _known(f"investors.{slug}.loans", investor.loans.values, scenario.providers)
        _known(f"investors.{slug}.ventures", investor.ventures.values, scenario.ventures)
    for index, loan in enumerate(scenario.loans):
        _known(f"loans.{index}.lender", [loan.lender], scenario.investors)
        _known(f"loans.{index}.borrower", [loan.borrower], scenario.providers)
    for index, facility in enumerate(scenario.facilities):
        _known(f"facilities.{index}.lender", [facility.lender], scenario.issuers)
        _known(f"facilities.{index}.borrower", [facility.borrower], scenario.providers)
    taken: set[str] = {"Government", "Vendor", "Economy"}
    for group in ("issuers", "labs", "providers", "investors", "ventures"):
        for slug, agent in getattr(scenario, group).items():
            if agent.name in taken:
                raise ValueError(f"{group}.{slug}.name = {agent.name!r} is taken: names must be unique")
            taken.add(agent.name)


def _known(where: str, given: Any, choices: Any) -> None:
    for name in given:
        if name not in choices:
            raise ValueError(
                f"{where}: unknown name {name!r}{suggestion(name, choices)} (there are {', '.join(sorted(choices))})"
            )
