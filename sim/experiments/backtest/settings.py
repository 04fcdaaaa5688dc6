"""The settings of a backtest: `configs/backtest.toml`, the estimates at its origins, and keys set by hand."""

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
        first: the first quarter whose figures are used.
        band_growths: the number of growth rates that a band needs at least.
        trend_growths: the number of growth rates that a trend needs at least.
        autoregression_growths: the number of growth rates that an autoregression needs at least.
        most_persistence: the largest allowed coefficient of growth on the growth of the quarter before.
    """

    first: Quarter
    band_growths: Several
    trend_growths: Several
    autoregression_growths: Annotated[int, Field(strict=True, ge=4)]
    most_persistence: Annotated[float, Field(gt=0.0, lt=1.0)]


class DieboldMariano(Strict):
    """The cases of the test: the series, the longest horizon in quarters, and the fewest forecasts of a horizon."""

    series: tuple[str, ...]
    most_quarters: Count
    least: Several


class InSampleBounds(Strict):
    """The bounds between which the share of fitted figures within their 90 percent bands should lie."""

    least: Share
    most: Share


class Settings(Strict):
    """The content of a backtest file such as `configs/backtest.toml`.

    Attributes:
        origins: the quarters at whose end a forecast is made.
        last: the last quarter that is forecast.
        groups: the groups of series that are forecast.
        draws: the number of forecasts drawn at each origin.
        headlines: the series that the fan charts show.
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
                    raise ScenarioError(f"not a series of the groups forecast: {groups}", f"backtest.toml: {key}", name)
        return chosen


def load_settings(path: Path | str = SETTINGS) -> Settings:
    """Load a backtest file; raise a ScenarioError that says in one line what is wrong with it."""
    return read_as(Settings, Path(path))


def record_at(origin: str, settings: Settings, folder: Path | str | None) -> Record:
    """Load the estimate at an origin, which must not be fitted to anything later.

    Raises:
        ScenarioError: if there is no such estimate, or it was fitted to another quarter.
    """
    if origin >= settings.last or origin not in settings.origins:
        allowed = ", ".join(settings.origins)
        raise ScenarioError("not an origin of configs/backtest.toml", "origins", origin, allowed)
    return _fitted_to(origin, Path(folder or ESTIMATES))


def longest_record(folder: Path | str | None) -> Record:
    """Load the estimate in a folder that was fitted to the latest quarter."""
    estimates = Path(folder or ESTIMATES)
    return _fitted_to(max(path.stem for path in estimates.glob("[0-9][0-9][0-9][0-9]Q[1-4].json")), estimates)


def _fitted_to(quarter: str, folder: Path) -> Record:
    path = folder / f"{quarter}.json"
    record = load_record(path)
    if record.last != quarter:
        raise ScenarioError(f"{path}: fitted to {record.last}, where an estimate fitted to {quarter} should be")
    return record


def set_by_hand(problem: EstimationProblem) -> tuple[str, ...]:
    """List the keys of the scenario that were set by hand with later data, and are not estimated at each origin."""

    def walk(part: object, at: str) -> list[str]:
        if isinstance(part, Quantity):
            return [at] if part.kind == "calibrated" else []
        fields = getattr(type(part), "model_fields", ())
        inner = part if isinstance(part, Mapping) else {name: getattr(part, name) for name in fields}
        return [key for name, value in inner.items() for key in walk(value, f"{at}.{name}" if at else str(name))]

    return tuple(key for key in walk(problem.scenario, "") if key not in problem.keys)
