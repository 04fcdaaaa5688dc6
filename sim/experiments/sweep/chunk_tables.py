"""Makes the tables of a chunk of a sweep from its histories: outcomes, series and flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.economy.books.flows import FLOWS
from sim.engine.batch import FLOW_COLUMNS, quarter_readings
from sim.engine.outcomes import OUTCOMES
from sim.opening.open_economy import open_economy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.engine.batch import Histories
    from sim.experiments.sweep.plan import Plan


def tables_of(
    plan: Plan, chunk: Mapping[str, NDArray[Any]], problems: Sequence[str | None], histories: Histories | None
) -> dict[str, pd.DataFrame]:
    """Return the tables of one chunk.

    Args:
        plan: the plan of the sweep.
        chunk: run, point, replicate and seed, `(run,)` each.
        problems: for each run the reason why its history could not start, or None.
        histories: the histories of the runs that could start, in the order of the runs; None if no run could.

    Returns:
        Table -> rows. A run with a problem has one row in outcomes, with the reason but without numbers, and no
        rows in series and flows.
    """
    quarters = plan.labels
    started = np.array([problem is None for problem in problems])
    reasons, residuals = np.array(problems, dtype=object), np.full(len(problems), np.nan)
    outcomes = {outcome.name: residuals.copy() for outcome in OUTCOMES}
    flows = np.zeros((0, len(quarters) - 1, len(FLOWS), len(FLOW_COLUMNS)))
    if histories is None:
        opening = open_economy(plan.scenario).economy
        readings = tuple(quarter_readings(opening, opening))
        paths = np.zeros((0, len(quarters), len(readings)))
    else:
        reasons[started] = np.array(histories.problems, dtype=object)
        residuals[started] = histories.residuals.max(axis=1)
        for name, numbers in histories.outcomes().items():
            outcomes[name][started] = numbers
        usable = np.array([reason is None for reason in histories.problems])
        readings, paths = histories.names, histories.paths[usable]
        flows = flows if histories.flows is None else histories.flows[usable]
    runs = chunk["run"][[reason is None for reason in reasons]]
    made = {"outcomes": pd.DataFrame({**chunk, "problem": reasons, "largest_residual": residuals, **outcomes})}
    if "series" in plan.tables:
        made["series"] = _series(runs, paths, readings, quarters)
    if "flows" in plan.tables:
        made["flows"] = _flows(runs, flows, quarters[1:])
    return made


def _series(
    runs: NDArray[Any], paths: NDArray[np.float64], readings: Sequence[str], quarters: Sequence[str]
) -> pd.DataFrame:
    """Return one row per run and quarter."""
    return pd.DataFrame(
        {
            "run": np.repeat(runs, len(quarters)),
            "quarter": _texts(np.tile(np.arange(len(quarters)), len(runs)), quarters),
            **{name: paths[..., index].ravel() for index, name in enumerate(readings)},
        }
    )


def _flows(runs: NDArray[Any], flows: NDArray[np.float64], quarters: Sequence[str]) -> pd.DataFrame:
    """Return one row for each run, quarter and kind of flow, where that flow had any payment in the quarter."""
    run, quarter, flow = (flows != 0.0).any(axis=-1).nonzero()
    amounts = flows[run, quarter, flow]
    return pd.DataFrame(
        {
            "run": runs[run],
            "quarter": _texts(quarter, quarters),
            "flow": _texts(flow, tuple(FLOWS)),
            "payer": _texts(flow, [kind.payer for kind in FLOWS.values()]),
            "payee": _texts(flow, [kind.payee for kind in FLOWS.values()]),
            **{name: amounts[:, index] for index, name in enumerate(FLOW_COLUMNS)},
        }
    )


def _texts(codes: NDArray[Any], texts: Sequence[str]) -> pd.Categorical:
    """Return a column of texts, given the place of each in `texts`."""
    categories = list(dict.fromkeys(texts))
    places = np.array([categories.index(text) for text in texts], dtype=np.int64)
    return pd.Categorical.from_codes(places[codes] if len(codes) else [], categories)
