"""The folder of a backtest, and the values of its report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiments.backtest.figures import draw_errors, draw_fans, draw_origin
from sim.experiments.backtest.tables import sheets
from sim.experiments.backtest.words import words
from sim.experiments.result_folder import write_result
from sim.runs.kinds import KINDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.backtest.results import ScoredForecasts


def write(backtest: ScoredForecasts, out: Path | str | None) -> Path:
    """Write a backtest folder, or into a free one under the folder of runs; return it."""
    span = "-to-".join(dict.fromkeys((backtest.origins[0], backtest.origins[-1])))
    sentences = words(backtest)
    return write_result(
        KINDS["backtest"],
        out,
        f"backtest-{span}-draws{backtest.draws}-seed{backtest.seed}",
        {**backtest.to_numbers(), "words": sentences},
        {"forecasts": backtest.forecasts},
        _draw(backtest),
        lambda pictures: {
            "title": "Backtest",
            "backtest": backtest,
            "words": sentences,
            "pictures": pictures,
            "sheets": sheets(backtest),
        },
    )


def _draw(backtest: ScoredForecasts) -> Iterator[tuple[str, Figure]]:
    yield "errors", draw_errors(backtest)
    yield "fans", draw_fans(backtest)
    for origin in backtest.origins:
        yield f"fans_{origin}", draw_origin(backtest, origin)
