"""The forecasts of a backtest and their scores, as plain data: `ScoredForecasts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.experiments.backtest import summary
from sim.experiments.backtest.forecasts import Row
from sim.experiments.backtest.model_forecasts import MODEL, InSampleFit
from sim.experiments.backtest.settings import Settings
from sim.experiments.calibrate.history import Series

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ScoredForecasts:
    """Forecasts from past quarters, called origins, and their scores.

    Attributes:
        settings: the settings of the backtest.
        origins: the quarters at whose end forecasts were made.
        draws: the number of forecasts at each origin.
        seed: the seed of the first history, and of all other random draws.
        series: name of a series that was forecast -> the series.
        rows: the forecasts with their scores.
        in_sample: how many of the fitted figures lie in their bands.
        set_by_hand: the keys of the scenario that were set by hand with later data, not estimated at each origin.
        unusable: last quarter an estimate was fitted to -> number of its draws whose histories could not be used.
    """

    settings: Settings
    origins: tuple[str, ...]
    draws: int
    seed: int
    series: Mapping[str, Series]
    rows: tuple[Row, ...]
    in_sample: InSampleFit
    set_by_hand: tuple[str, ...]
    unusable: Mapping[str, int]

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """One row for each method, series, origin and period, with the columns of `Row`."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=list(Row.__dataclass_fields__))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores by method, overall and by group, horizon and origin, with the columns of `summary.scores`."""
        return summary.scores(self.forecasts, self.series)

    @cached_property
    def by_series(self) -> pd.DataFrame:
        """Scores by method and series, in log points or the series' unit, with the columns of `summary.by_series`."""
        return summary.by_series(self.forecasts, self.series)

    @cached_property
    def tests(self) -> dict[tuple[str, int], summary.DieboldMarianoTest]:
        """Diebold-Mariano tests of the model against the random walk, by series and quarters ahead."""
        return summary.tests(self.forecasts, self.settings.diebold_mariano)

    def to_numbers(self) -> dict[str, Any]:
        """Return the scores as plain data, without the single forecasts, which `forecasts` holds."""
        fit, bounds = self.in_sample, self.settings.in_sample
        return {
            "origins": self.origins,
            "last": self.settings.last,
            "draws": self.draws,
            "seed": self.seed,
            "headline": MODEL,
            "scores": self.scores.to_dict(orient="records"),
            "by_series": self.by_series.to_dict(orient="records"),
            "diebold_mariano": [
                {"series": series, "horizon": horizon, **asdict(test)} for (series, horizon), test in self.tests.items()
            ],
            "in_sample": {
                "estimate": fit.last,
                "share": fit.share,
                "least": bounds.least,
                "most": bounds.most,
                "ok": bounds.least <= fit.share <= bounds.most,
                "groups": {group: fit.inside[group] / count for group, count in fit.figures.items()},
                "figures": fit.figures,
                "outside": fit.outside,
            },
            "set_by_hand": self.set_by_hand,
            "unusable_draws": self.unusable,
        }
