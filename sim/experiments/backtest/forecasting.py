"""What a backtest needs before it runs: estimates at the origins, known series, values set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sim.errors import ScenarioError
from sim.experiments.backtest.settings import Settings
from sim.experiments.calibrate.history import Series
from sim.experiments.calibrate.results import ESTIMATES, Record, load_record
from sim.experiments.calibrate.settings import Problem
from sim.scenario.schema import Quantity


def record_at(origin: str, settings: Settings, estimates: Path | str | None) -> Record:
    """Load the estimate at an origin, which must know nothing later.

    Raises:
        ScenarioError: if there is no such estimate, or it was fitted to another quarter.
    """
    if origin >= settings.last or origin not in settings.origins:
        allowed = ", ".join(settings.origins)
        raise ScenarioError("not an origin of configs/backtest.toml", "origins", origin, allowed)
    return _fitted_to(origin, estimates)


def _fitted_to(quarter: str, estimates: Path | str | None) -> Record:
    path = _folder(estimates) / f"{quarter}.json"
    record = load_record(path)
    if record.last != quarter:
        raise ScenarioError(f"{path}: fitted to {record.last}, where an estimate fitted to {quarter} should be")
    return record


def longest_record(estimates: Path | str | None) -> Record:
    """Load the estimate that was fitted to the most quarters."""
    quarters = [path.stem for path in _folder(estimates).glob("[0-9][0-9][0-9][0-9]Q[1-4].json")]
    return _fitted_to(max(quarters), estimates)


def _folder(estimates: Path | str | None) -> Path:
    return ESTIMATES if estimates is None else Path(estimates)


def refuse_unknown_series(settings: Settings, series: Mapping[str, Series]) -> None:
    """Refuse settings that name a series outside the groups.

    Raises:
        ScenarioError: naming the first one.
    """
    for where, names in (("headlines", settings.headlines), ("diebold_mariano", settings.diebold_mariano.series)):
        for name in names:
            if name not in series:
                groups = ", ".join(settings.groups)
                raise ScenarioError(f"not a series of the groups {groups}", f"backtest.toml: {where}", name)


def set_by_hand(problem: Problem) -> tuple[str, ...]:
    """List the keys of the scenario that were set with later data, and are not estimated anew at an origin."""

    def walk(part: object, at: str) -> list[str]:
        if isinstance(part, Quantity):
            return [at] if part.kind == "calibrated" else []
        if isinstance(part, Mapping):
            return [
                key for name, value in part.items() for key in walk(value, f"{at}.{name}" if at else str(name))
            ]
        fields = getattr(type(part), "model_fields", {})
        return [key for name in fields for key in walk(getattr(part, name), f"{at}.{name}" if at else name)]

    return tuple(key for key in walk(problem.scenario, "") if key not in problem.keys)
