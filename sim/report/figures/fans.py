"""Fan charts of many histories: the median, the middle half and the middle nine tenths in each quarter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from sim.report.figures.style import TEXT, darker, from_zero, label_ends, new_figure, number_of, panel, panels
from sim.report.numbers import short
from sim.report.palette import INTEREST, POPULATION

if TYPE_CHECKING:
    import xarray as xr

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of a fan: 90 percent of histories lie between the outer two, 50 percent between the inner two."""
SEEDS = "seeds: the same assumptions, different luck"
POINTS_AND_SEEDS = "points and seeds: different assumptions and different luck"
POINTS = "points: different assumptions, the same luck"
"""What the histories of a fan differ in, for its caption."""


@dataclass(frozen=True)
class Measure:
    """A series of a fan chart: name, title, unit that is drawn, colour, and the factor that converts to that unit."""

    name: str
    title: str
    unit: str
    colour: str
    factor: float = 1.0

    @property
    def flow(self) -> bool:
        """Whether the series is a flow, an amount per quarter, which the opening does not have."""
        return self.unit.endswith("a quarter")


MEASURES = (
    Measure("bill_rate", "Bill rate", "percent a year", POPULATION["government"], 100.0),
    Measure("tokens_usd_bn", "Tokens outstanding", "USD bn", POPULATION["issuers"]),
    Measure("interest_usd_bn", "Interest earned by issuers", "USD bn a quarter", INTEREST),
    Measure("interest_funded_gpu_usd_bn", "GPUs paid with interest", "USD bn a quarter", INTEREST),
    Measure("gpu_capex_usd_bn", "GPU purchases of the providers", "USD bn a quarter", POPULATION["providers"]),
    Measure("lab_revenue_usd_bn", "Revenue of the labs", "USD bn a quarter", POPULATION["labs"]),
)
"""The series of the figure of fan charts."""


@dataclass(frozen=True)
class Fans:
    """Quantiles of series over many histories.

    Attributes:
        quarters: the labels of the quarters, the opening first.
        bands: measure -> its quantiles, an array `(quarter, level)`, with levels in the order of `LEVELS`.
        runs: the number of histories.
        over: what the histories differ in, `SEEDS`, `POINTS` or `POINTS_AND_SEEDS`.
        source: the name of the ensemble or sweep, which the note at the foot of the figure gives.
    """

    quarters: tuple[str, ...]
    bands: Mapping[str, NDArray[np.float64]]
    runs: int
    over: str
    source: str


def of_ensemble(ensemble: xr.Dataset, measures: Sequence[Measure] = MEASURES) -> Fans:
    """Return the fans of some measures over the seeds of an ensemble, which `sim.ensemble` returns."""
    names = [measure.name for measure in measures]
    series = ensemble["series"].sel(measure=names).to_numpy()
    quantiles = np.moveaxis(np.quantile(series, LEVELS, axis=0), 0, -1)
    seeds = ensemble["seed"].to_numpy()
    return Fans(
        tuple(str(label) for label in ensemble["quarter"].to_numpy()),
        {name: quantiles[:, place] for place, name in enumerate(names)},
        len(seeds),
        SEEDS,
        f"{ensemble.attrs['title']}, seeds {seeds.min()} to {seeds.max()}",
    )


def draw(fans: Fans, measures: Sequence[Measure] = MEASURES, title: str = "How far histories spread") -> Figure:
    """Draw a figure of up to six fan charts, one for each measure, from left to right and from top to bottom."""
    figure = new_figure(
        title,
        f"{fans.runs:,} histories; the fan is over {fans.over}",
        "Light: 90 percent of histories in each quarter. Dark: 50 percent. Line: the median. Numbers: where they "
        f"end.  {fans.source}.",
    )
    columns = min(len(measures), 3)
    rows = -(-len(measures) // columns)
    places = panels(figure, rows, columns, right=0.945, gap=(0.36, 0.52))
    for axes, measure in zip(places, measures, strict=False):
        _fan(axes, fans, measure)
    for axes in places[len(measures) :]:
        axes.remove()
    return figure


def draw_fan(axes: Axes, quarters: ArrayLike, quantiles: Iterable[NDArray[np.float64]], colour: str) -> None:
    """Draw one fan: the band of 90 percent of histories light, that of 50 percent dark, the median as a dark line.

    Quarters are numbers, as `number_of` gives them; quantiles are five lines, one for each of `LEVELS`, lowest first.
    """
    lowest, low, middle, high, highest = quantiles
    axes.fill_between(quarters, lowest, highest, color=colour, alpha=0.20, linewidth=0.0)
    axes.fill_between(quarters, low, high, color=colour, alpha=0.42, linewidth=0.0)
    axes.plot(quarters, middle, color=darker(colour), linewidth=2.4)


def _fan(axes: Axes, fans: Fans, measure: Measure) -> None:
    panel(axes, measure.title, measure.unit, fans.quarters)
    # The opening is only a balance sheet: nothing has been paid yet, so a flow begins one quarter later.
    first = 1 if measure.flow and len(fans.quarters) > 1 else 0
    lowest, low, middle, high, highest = (measure.factor * line[first:] for line in fans.bands[measure.name].T)
    quarters = [number_of(label) for label in fans.quarters[first:]]
    draw_fan(axes, quarters, (lowest, low, middle, high, highest), measure.colour)
    if lowest.min() >= 0.0:
        from_zero(axes)
    ends = dict.fromkeys((lowest[-1], middle[-1], highest[-1]))
    label_ends(axes, [(height, short(height), measure.colour) for height in ends], TEXT - 1.0)
