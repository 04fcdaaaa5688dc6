"""A backtest: its forecasts, and the tables and words that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiments.backtest import summary
from sim.experiments.backtest.forecasts import Row
from sim.experiments.backtest.in_sample import InSample
from sim.experiments.backtest.model_forecasts import MODEL
from sim.experiments.backtest.settings import Settings
from sim.experiments.backtest.summary import Told
from sim.experiments.calibrate.history import Series

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Backtest:
    """Forecasts from past origins, and how good they were.

    Attributes:
        settings: of the backtest.
        origins: quarters at whose end forecasts were made.
        draws: forecasts at each origin.
        seed: of the first history, and of all that was drawn.
        series: name -> what was forecast.
        rows: forecasts.
        in_sample: how many of the fitted figures lie in their bands.
        set_by_hand: keys of the scenario that were set with later data and not estimated anew at an origin.
        unusable: quarter of an estimate -> draws whose histories could not be used.
    """

    settings: Settings
    origins: tuple[str, ...]
    draws: int
    seed: int
    series: Mapping[str, Series]
    rows: tuple[Row, ...]
    in_sample: InSample
    set_by_hand: tuple[str, ...]
    unusable: Mapping[str, int]

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """One row for each method, series, origin and period, with the columns of `Row`."""
        import pandas as pd

        return pd.DataFrame([row.to_dict() for row in self.rows], columns=list(Row.__dataclass_fields__))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores by method, overall and by group, horizon and origin, as `summary.scores` has them."""
        return summary.scores(self.forecasts, self.series)

    @cached_property
    def by_series(self) -> pd.DataFrame:
        """Scores of every method by series, in log points or the unit, as `summary.by_series` has them."""
        return summary.by_series(self.forecasts, self.series)

    @cached_property
    def tests(self) -> tuple[Told, ...]:
        """Diebold-Mariano tests of the model against the random walk."""
        return summary.tests(self.forecasts, self.settings.diebold_mariano)

    @cached_property
    def words(self) -> list[str]:
        """What follows from the tables, in sentences."""
        from sim.experiments.backtest.words import words

        return words(self)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, but for the single forecasts, which are a table of their own."""
        fit = self.in_sample
        return {
            "origins": self.origins,
            "last": self.settings.last,
            "draws": self.draws,
            "seed": self.seed,
            "headline": MODEL,
            "words": self.words,
            "scores": self.scores.to_dict(orient="records"),
            "by_series": self.by_series.to_dict(orient="records"),
            "diebold_mariano": [test.to_dict() for test in self.tests],
            "in_sample": {
                "estimate": fit.last,
                "share": fit.share,
                "least": self.settings.in_sample.least,
                "most": self.settings.in_sample.most,
                "ok": self.settings.in_sample.least <= fit.share <= self.settings.in_sample.most,
                "groups": {group: fit.inside[group] / count for group, count in fit.figures.items()},
                "figures": fit.figures,
                "outside": fit.outside,
            },
            "set_by_hand": self.set_by_hand,
            "unusable_draws": self.unusable,
        }

    def save(self, out: Path | None = None) -> Path:
        """Write the folder: `backtest.json`, `forecasts.parquet`, figures and `report.html`.

        Args:
            out: the folder; a free name under `runs/` if left out.

        Returns:
            The folder.

        Raises:
            RunError: if the folder exists or cannot be written; nothing is left behind.
        """
        from sim.experiments.backtest.folder import write

        return write(self, out)
