"""Loading of scenarios from `configs/*.toml`: a file is merged with the file it extends, changed, and validated.

Every mistake raises a `ScenarioError`, a line with the file or key, the wrong value, and what is allowed.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sim.errors import CHANGES, NOT_GIVEN, ScenarioError, suggestion
from sim.scenario import levers
from sim.scenario.data import CONFIGS
from sim.scenario.schema import Scenario

__all__ = [
    "Scenario",
    "ScenarioError",
    "changed",
    "changed_keys",
    "find",
    "first_error",
    "flat",
    "load",
    "mistake",
    "names",
    "parse_value",
    "resolved",
]

Model = TypeVar("Model", bound=BaseModel)
OPEN_TABLES = ("decisions",)
"""Tables in which a scenario may have keys that the file it extends lacks; the schema says which keys."""


def resolved(
    scenario: str | Path | Scenario,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Scenario:
    """Return a scenario to which changes, a seed and a length have been applied.

    Args:
        scenario: the name or path of the scenario, or the scenario itself.
        seed: the seed; that of the scenario if left out.
        quarters: the number of quarters; that of the scenario if left out.
        changes: lever names or dotted keys -> new values.

    Raises:
        ScenarioError: if the scenario or a change is wrong.
    """
    own = {"run.seed": seed, "run.quarters": quarters}
    keys = levers.keys(changes or {}) | {key: value for key, value in own.items() if value is not None}
    return changed(scenario, keys) if isinstance(scenario, Scenario) else load(scenario, keys)


def load(name: str | Path, changes: Mapping[str, Any] | None = None) -> Scenario:
    """Load a scenario by name or path, with changes by dotted key.

    Args:
        name: a name under `configs/` or `configs/scenarios/`, or the path of a TOML file.
        changes: dotted key -> value, such as `{"environment.terminal_rate": 0.01}`; applied last.

    Raises:
        ScenarioError: if the file or a change is wrong; the message is one line.
    """
    path = find(name)
    raw = _merged(path, seen=())
    raw["name"] = path.stem
    for key, value in (changes or {}).items():
        _set(raw, key, value)
    return _validated(raw, path.name)


def changed(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """Return a scenario with other values at some dotted keys.

    Raises:
        ScenarioError: if a key is unknown or a value is not allowed.
    """
    raw = scenario.model_dump(mode="python")
    for key, value in changes.items():
        _set(raw, key, value)
    return _validated(raw, scenario.name)


def changed_keys(base: Scenario, other: Scenario) -> dict[str, dict[str, Any]]:
    """Return the keys in which two scenarios differ, texts left aside: dotted key -> the values `from` and `to`."""
    before = flat(base.model_dump(mode="json"))
    after = flat(other.model_dump(mode="json"))
    return {
        key: {"from": before.get(key), "to": after.get(key)}
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    }


def flat(raw: Any, at: str = "") -> dict[str, Any]:
    """Return a dumped scenario as dotted key -> value; of a quantity only the value is kept."""
    if isinstance(raw, dict):
        if "unit" in raw:
            raw = raw.get("value", raw.get("values"))
            return {at: raw} if not isinstance(raw, dict) else flat(raw, at)
        items = {k: v for k, v in raw.items() if at or k not in ("name", "title", "about")}
        return {k: v for key, part in items.items() for k, v in flat(part, f"{at}.{key}" if at else key).items()}
    if isinstance(raw, (list, tuple)):
        return {k: v for index, part in enumerate(raw) for k, v in flat(part, f"{at}.{index}").items()}
    return {at: raw}


def find(name: str | Path) -> Path:
    """Return the file of a scenario given by name or path.

    Raises:
        ScenarioError: if there is no such file; the message names the scenarios that ship.
    """
    return named_file("scenario", name, names())


def named_file(what: str, name: str | Path, known: Mapping[str, Path]) -> Path:
    """Return the path of a TOML file that is given by its path, or by its name if it ships with the package.

    Args:
        what: the noun for messages, such as "scenario".
        name: the name, or a path (with a slash or ending in .toml).
        known: the files that ship, by name.

    Raises:
        ScenarioError: if there is no such file; the message names the files that ship.
    """
    text = str(name)
    if text.endswith(".toml") or "/" in text:
        path = Path(text)
        try:
            if path.is_file():
                return path
        except OSError as error:
            raise ScenarioError(f"{what} file {text[:80]}...: {error.strerror}", value=text) from None
        raise ScenarioError(f"{what} file {text} does not exist", value=text)
    if text in known:
        return known[text]
    problem = f"unknown {what} {text!r}{suggestion(text, known)}"
    raise ScenarioError(problem, value=text, allowed=", ".join(sorted(known)))


def names() -> dict[str, Path]:
    """Return the scenarios that ship: name -> file."""
    files = [CONFIGS / "baseline.toml", *(CONFIGS / "scenarios").glob("*.toml")]
    return {path.stem: path for path in sorted(files)}


def parse_value(text: str) -> Any:
    """Read a value from text: as TOML if the text is valid TOML, otherwise as a plain string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _validated(raw: dict[str, Any], where: str) -> Scenario:
    try:
        return Scenario.model_validate(raw)
    except ValidationError as error:
        raise mistake(error, where) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        ScenarioError: if the file cannot be read, or is not valid TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf8"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError(f"not valid TOML: {error}", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot be read: {error}", where=str(path)) from None


def read_as(schema: type[Model], path: Path) -> Model:
    """Read a TOML file and validate it with a schema.

    Raises:
        ScenarioError: if anything is wrong with the file; the message is one line.
    """
    try:
        return schema.model_validate(read_toml(path))
    except ValidationError as error:
        raise mistake(error, path.name) from None


def _merged(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read a file and all files that it extends; where they differ, the nearer file counts."""
    if path in seen:
        chain = " -> ".join(file.name for file in seen)
        raise ScenarioError(f"extends itself through {chain}", "extends", path.stem, where=path.name)
    raw = read_toml(path)
    base = raw.pop("extends", None)
    if base is None:
        return raw
    neighbour = path.parent / f"{base}.toml"
    parent = _merged(neighbour if neighbour.is_file() else find(base), (*seen, path))
    return _merge(parent, raw, path.name, ())


def _merge(base: dict[str, Any], change: dict[str, Any], where: str, at: tuple[str, ...]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        if key not in base and at and at[0] not in OPEN_TABLES:
            raise ScenarioError(f"unknown key{suggestion(key, base)}", ".".join((*at, key)), where=where)
        merged[key] = _merge_value(base.get(key), value, where, (*at, key))
    return merged


def _merge_value(old: Any, new: Any, where: str, at: tuple[str, ...]) -> Any:
    if isinstance(old, dict) and "unit" in old:
        if "values" in old and isinstance(new, dict) and not {*new} <= {*old}:
            return {**old, "values": new, "kind": "set", "why": f"set by {where}"}
        if isinstance(new, dict):
            return {**{k: v for k, v in old.items() if not (k == "data" and "value" in new)}, **new}
        if "values" in old:
            raise ScenarioError("not a table", ".".join(at), new, "a table with a number for each name", where)
        rest = {k: v for k, v in old.items() if k not in ("data", "scale", "why", "note")}
        return {**rest, "value": new, "kind": "set", "why": f"set by {where}"}
    if isinstance(old, dict) and isinstance(new, dict):
        return _merge(old, new, where, at)
    return new


def _set(raw: dict[str, Any], dotted: str, value: Any) -> None:
    """Change the value at one dotted key."""
    keys = dotted.split(".")
    place = raw
    for depth, key in enumerate(keys[:-1]):
        if isinstance(place.get(key), (list, tuple)):
            raise ScenarioError(f"{key} is a list: only the whole list can be set", dotted, where=CHANGES)
        if not isinstance(place.get(key), dict):
            table = f" in {'.'.join(keys[:depth])}" if depth else ""
            raise ScenarioError(f"unknown key {key!r}{table}{suggestion(key, place)}", dotted, where=CHANGES)
        place = place[key]
    allowed = keys[-1] in place or (keys[0] in OPEN_TABLES and len(keys) == 2)
    if not allowed or keys[-1] in ("unit", "range", "kind", "name"):
        raise ScenarioError(f"unknown key {keys[-1]!r}{suggestion(keys[-1], place)}", dotted, where=CHANGES)
    place[keys[-1]] = _merge_value(place.get(keys[-1]), value, CHANGES, tuple(keys))


def first_error(error: ValidationError) -> str:
    """Return a line that describes the first of the mistakes that a schema found."""
    return str(mistake(error))


def mistake(error: ValidationError, where: str = "") -> ScenarioError:
    """Turn the first of the mistakes that a schema found into a ScenarioError with key, value and allowed values."""
    first = error.errors()[0]
    others = error.error_count() - 1
    more = f" (first of {others + 1} mistakes)" if others else ""
    dotted = ".".join(str(part) for part in first["loc"])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ScenarioError):
        key = ".".join(part for part in (dotted, cause.key) if part)
        return ScenarioError(f"{cause.problem}{more}", key, cause.value, cause.allowed, where)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "unknown key"
    if first["type"] == "tuple_type":
        message = f"expected a list, such as [[{dotted}]] tables"
    value = first.get("input")
    shown = value if isinstance(value, (str, int, float, bool)) else NOT_GIVEN
    return ScenarioError(f"{message}{more}", dotted, shown, where=where)
