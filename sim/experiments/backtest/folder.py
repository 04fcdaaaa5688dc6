"""The folder that a backtest is written to, and the values that its report shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiments.backtest.figures import draw_errors, draw_fans, draw_origin
from sim.experiments.backtest.tables import sheets
from sim.experiments.result_folder import write_result
from sim.runs.kinds import KINDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.backtest.results import ScoredForecasts


def write(backtest: ScoredForecasts, numbers: Mapping[str, Any], out: Path | str | None) -> Path:
    """Write a backtest with its numbers into a folder; if `out` is None, into a new one in the folder of runs."""
    span = "-to-".join(dict.fromkeys((backtest.origins[0], backtest.origins[-1])))
    page = {"title": "Backtest", "backtest": backtest, "words": numbers["words"], "sheets": sheets(backtest)}
    return write_result(
        KINDS["backtest"],
        out,
        f"backtest-{span}-draws{backtest.draws}-seed{backtest.seed}",
        numbers,
        {"forecasts": backtest.forecasts},
        _draw(backtest),
        lambda pictures: {**page, "pictures": pictures},
    )


def _draw(backtest: ScoredForecasts) -> Iterator[tuple[str, Figure]]:
    yield "errors", draw_errors(backtest)
    yield "fans", draw_fans(backtest)
    for origin in backtest.origins:
        yield f"fans_{origin}", draw_origin(backtest, origin)
