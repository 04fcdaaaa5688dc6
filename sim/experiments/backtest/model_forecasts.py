"""Forecasts by the model, from the last observed figure (the actual) or from the opening, with nothing known later.

Each draw is a history with parameters drawn from the estimate at the origin and a seed of its own. Bill rate,
bitcoin and gold follow the data up to the origin and the model after it. A forecast from the last actual is that
actual times the growth of the draw's history since then (or plus its change, for series compared by differences). A
forecast from the opening is the number of the history itself. Both then get an error of the size that the series
declares, drawn anew for each figure; a forecast from the last actual gets a second one, for the error of that actual.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.analysis.facts.evidence import span
from sim.engine.batch import Engine
from sim.errors import ScenarioError
from sim.experiments.backtest.known import Known, compared, size, wanted
from sim.experiments.calibrate.history import FLOOR, Series, Target, targets
from sim.experiments.calibrate.results import Record
from sim.experiments.calibrate.settings import EstimationProblem, Numbers
from sim.experiments.calibrate.simulator import Simulator

MODEL, FROM_OPENING = "model", "model, from the opening"
VARIANTS = (MODEL, FROM_OPENING)
LEAST_USABLE = 0.9
"""The smallest share of draws whose histories must be usable."""


@dataclass(frozen=True)
class Drawn:
    """Forecasts drawn at one origin.

    Attributes:
        samples: (method, series, period) -> numbers on the scale of comparison, `(draw,)`.
        base: series -> period of the last actual; None if the model starts from its own level.
    """

    samples: Mapping[tuple[str, str, str], Numbers]
    base: Mapping[str, str | None]


@dataclass(frozen=True)
class ModelHistories:
    """Histories with parameters drawn from an estimate, and with no data later than the quarter it was fitted to.

    Attributes:
        simulator: the simulator that ran the histories, and that reads numbers from them.
        paths: the paths of the usable histories, `(draw, 1, quarter, term)`.
        unusable: the number of draws that were left out because their histories cannot be used.
    """

    simulator: Simulator
    paths: Numbers
    unusable: int


def simulator_to(
    problem: EstimationProblem, history: Mapping[str, Series], last: str, until: str, engine: Engine
) -> Simulator:
    """Make a simulator of every series up to quarter `last`; bill rate and asset prices are data up to `until`."""
    some = [Target(name, series, last, 0.0) for name, series in history.items()]
    return Simulator(problem, some, last=last, known=until, engine=engine)


def run(simulator: Simulator, record: Record, draws: int, seed: int) -> ModelHistories:
    """Run histories with parameters drawn from an estimate; the seeds count up from `seed`, one for each history.

    Raises:
        ScenarioError: if too few histories can be used.
    """
    paths = simulator.drawn(record.draws(simulator.problem, draws, seed), range(seed, seed + draws))
    good = np.asarray(np.isfinite(paths).all(axis=tuple(range(1, paths.ndim))))
    if good.mean() < LEAST_USABLE or good.sum() < 2:
        raise ScenarioError(f"only {good.sum()} of its {draws} histories can be used", "estimate", record.last)
    return ModelHistories(simulator, paths[good], int(draws - good.sum()))


def draw(histories: ModelHistories, known: Mapping[str, Known], origin: str, last: str, seed: int) -> Drawn:
    """Draw the model's forecasts at an origin, up to quarter `last`; the errors of figures are drawn with `seed`."""
    simulator, paths = histories.simulator, histories.paths
    generator = np.random.default_rng([seed, 1])
    samples: dict[tuple[str, str, str], Numbers] = {}
    bases: dict[str, str | None] = {}
    for name, there in known.items():
        base = base_of(there, simulator.quarters)
        bases[name] = base
        of_base = there.series.error * generator.standard_normal(len(paths))
        for period in wanted(there.series, origin, last):
            noise = there.series.error * generator.standard_normal(len(paths))
            own = _rates(simulator, there, period, paths)
            moved = own
            if base is not None:
                # A relative error is the same for a sum and for its rate; an absolute one is divided by the quarters.
                per = size(there.series, base) if there.series.change == "level" else 1.0
                moved = there.rates[-1] + of_base / per + own - _rates(simulator, there, base, paths)
            samples[MODEL, name, period] = compared(there.series, period, moved) + noise
            samples[FROM_OPENING, name, period] = compared(there.series, period, own) + noise
    return Drawn(samples, bases)


def base_of(known: Known, quarters: list[str]) -> str | None:
    """Return the period of the last actual; None if the model's `quarters` do not cover it."""
    # The opening is only a balance sheet: it has no flows, because nothing has been paid yet.
    usable = quarters if known.series.total == "last" else quarters[1:]
    return known.last if known.last is not None and span(known.last)[0] in usable else None


def _rates(simulator: Simulator, known: Known, period: str, paths: Numbers) -> Numbers:
    """Return the model's rates of a period, `(draw,)`; numbers to take logarithms of are kept well above zero."""
    series = known.series
    numbers = simulator.period(series, period, paths)[:, 0] / size(series, period)
    if series.change == "level":
        return numbers
    usual = np.exp(known.rates[-1]) if known.last is not None else float(np.abs(numbers).mean())
    return np.asarray(np.log(np.maximum(numbers, FLOOR * usual)))


@dataclass(frozen=True)
class InSampleFit:
    """How many of the figures that an estimate was fitted to lie in their 90 percent bands.

    Attributes:
        last: the quarter up to which the estimate was fitted.
        inside: group -> the number of fitted figures that lie within their bands.
        figures: group -> the number of all fitted figures.
        outside: the labels of the fitted figures that lie outside their bands.
    """

    last: str
    inside: Mapping[str, int]
    figures: Mapping[str, int]
    outside: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of all fitted figures that lie within their bands."""
        return sum(self.inside.values()) / sum(self.figures.values())


def in_sample(histories: ModelHistories, history: Mapping[str, Series], record: Record, seed: int) -> InSampleFit:
    """Count the fitted figures that lie within the bands of the estimate.

    A band shows the spread from parameters, seeds and the error that the series declares. The numbers are those of
    the histories themselves, not moved to an observed figure. The errors of figures are drawn with `seed`.
    """
    generator = np.random.default_rng([seed, 2])
    inside: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    outside = []
    for target in targets(history, str(record.raw["window"]["first"]), record.last):
        series = target.series
        if not series.fitted:
            continue
        numbers = histories.simulator.period(series, target.period, histories.paths)[:, 0]
        if series.change == "log":
            numbers = np.log(np.maximum(numbers, FLOOR * target.value))
        low, high = np.quantile(numbers + series.error * generator.standard_normal(len(numbers)), (0.05, 0.95))
        within = low <= series.transformed(target.value) <= high
        figures[series.group] += 1
        inside[series.group] += int(within)
        if not within:
            outside.append(target.label)
    return InSampleFit(record.last, inside, figures, tuple(outside))
