"""The settings of a backtest: `configs/backtest.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.experiments.calibrate.settings import Quarter
from sim.scenario.data import CONFIGS
from sim.scenario.load import read_as
from sim.scenario.schema import Strict

SETTINGS = CONFIGS / "backtest.toml"
Count = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Benchmarks(Strict):
    """What the model is compared with.

    Attributes:
        first: quarter from which figures are used.
        band_growths: fewest growth rates for a band.
        trend_growths: fewest growth rates for a trend.
        autoregression_growths: fewest growth rates for an autoregression.
        most_persistence: largest coefficient of growth on growth.
    """

    first: Quarter
    band_growths: Annotated[int, Field(strict=True, ge=2)]
    trend_growths: Annotated[int, Field(strict=True, ge=2)]
    autoregression_growths: Annotated[int, Field(strict=True, ge=4)]
    most_persistence: Annotated[float, Field(gt=0.0, lt=1.0)]


class DieboldMariano(Strict):
    """Where the test is done: series, longest horizon, and fewest forecasts of one horizon."""

    series: tuple[str, ...]
    most_quarters: Count
    least: Annotated[int, Field(strict=True, ge=2)]


class InSampleBounds(Strict):
    """Share of fitted figures that should lie within the 90 percent band."""

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
        benchmarks: the settings of the benchmarks.
        diebold_mariano: where that test is done.
        in_sample: the share of fitted figures that the bands should hold.
    """

    origins: Annotated[tuple[Quarter, ...], Field(min_length=1)]
    last: Quarter
    groups: Annotated[tuple[str, ...], Field(min_length=1)]
    draws: Annotated[int, Field(strict=True, ge=2)]
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


def load_settings(path: Path | str | None = None) -> Settings:
    """Load a backtest file.

    Args:
        path: the file; the one that ships if left out.

    Raises:
        ScenarioError: for anything wrong with the file, in one line.
    """
    return read_as(Settings, Path(path) if path is not None else SETTINGS)


GROUPS = {
    "supply": "token supply",
    "income": "issuers' income and reserves",
    "labs": "AI labs",
    "gpus": "GPUs",
    "funding": "funding",
}
"""Group of series -> its name in sentences and tables."""
