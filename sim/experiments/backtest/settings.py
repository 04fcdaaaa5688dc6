"""The settings of a backtest: `configs/backtest.toml`, the estimates at its origins, and what it must not know."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.errors import ScenarioError
from sim.experiments.calibrate.history import Series
from sim.experiments.calibrate.results import ESTIMATES, Record, load_record
from sim.experiments.calibrate.settings import Count, EstimationProblem, Quarter
from sim.scenario.data import CONFIGS
from sim.scenario.load import read_as
from sim.scenario.schema import Quantity, Strict

SETTINGS = CONFIGS / "backtest.toml"
GROUPS = {
    "supply": "token supply",
    "income": "issuers' income and reserves",
    "labs": "AI labs",
    "gpus": "GPUs",
    "funding": "funding",
}
"""Group of series -> its name in sentences and tables."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Several = Annotated[int, Field(strict=True, ge=2)]


class Benchmarks(Strict):
    """The settings of the benchmarks.

    Attributes:
        first: the quarter from which figures are used.
        band_growths: the fewest growth rates for a band.
        trend_growths: the fewest growth rates for a trend.
        autoregression_growths: the fewest growth rates for an autoregression.
        most_persistence: the largest coefficient of growth on growth.
    """

    first: Quarter
    band_growths: Several
    trend_growths: Several
    autoregression_growths: Annotated[int, Field(strict=True, ge=4)]
    most_persistence: Annotated[float, Field(gt=0.0, lt=1.0)]


class DieboldMariano(Strict):
    """The cases of the test: its series, its longest horizon in quarters, the fewest forecasts of a horizon."""

    series: tuple[str, ...]
    most_quarters: Count
    least: Several


class InSampleBounds(Strict):
    """The bounds on the share of fitted figures that should lie within the 90 percent band."""

    least: Share
    most: Share


class Settings(Strict):
    """A backtest file.

    Attributes:
        origins: the quarters at whose end a forecast is made.
        last: the last quarter that is forecast.
        groups: the groups of series that are forecast.
        draws: the number of forecasts drawn at each origin.
        headlines: the series of the fan chart.
    """

    origins: Annotated[tuple[Quarter, ...], Field(min_length=1)]
    last: Quarter
    groups: Annotated[tuple[str, ...], Field(min_length=1)]
    draws: Several
    headlines: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]
    benchmarks: Benchmarks
    diebold_mariano: DieboldMariano
    in_sample: InSampleBounds

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        late = [origin for origin in self.origins if origin >= self.last]
        if late:
            raise ValueError(f"origins: {late[0]} is not before last = {self.last}")
        return self

    def select(self, history: Mapping[str, Series]) -> dict[str, Series]:
        """Select the series of the groups that are forecast.

        Raises:
            ScenarioError: if the settings name a series outside these groups.
        """
        chosen = {name: series for name, series in history.items() if series.group in self.groups}
        named = {"headlines": self.headlines, "diebold_mariano": self.diebold_mariano.series}
        for key, names in named.items():
            for name in names:
                if name not in chosen:
                    groups = ", ".join(self.groups)
                    raise ScenarioError(f"not a series of the groups {groups}", f"backtest.toml: {key}", name)
        return chosen


def load_settings(path: Path | str = SETTINGS) -> Settings:
    """Load a backtest file; a ScenarioError names anything wrong with it, in one line."""
    return read_as(Settings, Path(path))


def record_at(origin: str, settings: Settings, folder: Path | str | None) -> Record:
    """Load the estimate at an origin, which must know nothing later.

    Raises:
        ScenarioError: if there is no such estimate, or it was fitted to another quarter.
    """
    if origin >= settings.last or origin not in settings.origins:
        allowed = ", ".join(settings.origins)
        raise ScenarioError("not an origin of configs/backtest.toml", "origins", origin, allowed)
    return _fitted_to(origin, Path(folder or ESTIMATES))


def longest_record(folder: Path | str | None) -> Record:
    """Load the estimate that was fitted to the most quarters."""
    estimates = Path(folder or ESTIMATES)
    return _fitted_to(max(path.stem for path in estimates.glob("[0-9][0-9][0-9][0-9]Q[1-4].json")), estimates)


def _fitted_to(quarter: str, folder: Path) -> Record:
    path = folder / f"{quarter}.json"
    record = load_record(path)
    if record.last != quarter:
        raise ScenarioError(f"{path}: fitted to {record.last}, where an estimate fitted to {quarter} should be")
    return record


def set_by_hand(problem: EstimationProblem) -> tuple[str, ...]:
    """List the keys of the scenario that were set with later data, and are not estimated anew at an origin."""

    def walk(part: object, at: str) -> list[str]:
        if isinstance(part, Quantity):
            return [at] if part.kind == "calibrated" else []
        fields = getattr(type(part), "model_fields", ())
        inner = part if isinstance(part, Mapping) else {name: getattr(part, name) for name in fields}
        return [key for name, value in inner.items() for key in walk(value, f"{at}.{name}" if at else str(name))]

    return tuple(key for key in walk(problem.scenario, "") if key not in problem.keys)
