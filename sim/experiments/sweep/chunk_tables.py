"""What is kept of the histories of a chunk, as tables with the schema of a sweep's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.economy.books.flows import FLOWS
from sim.engine.batch import FLOW_COLUMNS
from sim.engine.outcomes import OUTCOMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.engine.batch import Histories


def tables(
    rows: Mapping[str, NDArray[Any]],
    problems: Sequence[str | None],
    found: Histories | None,
    readings: Sequence[str],
    quarters: Sequence[str],
    kept: Sequence[str],
) -> dict[str, pd.DataFrame]:
    """Return the tables of one chunk.

    Args:
        rows: run, point, replicate and seed, `(run,)` each.
        problems: for each run why it could not start, or None.
        found: the histories of the runs that could, in their order; None if there are none.
        readings: names of the columns of series.
        quarters: labels, the opening first.
        kept: tables that are kept.

    Returns:
        Table -> rows. A run with a problem has a row in outcomes, which says why, without numbers; and no rows
        in series and flows.
    """
    started = np.array([problem is None for problem in problems])
    reasons, residuals, outcomes = _outcomes(problems, started, found)
    made = {"outcomes": pd.DataFrame({**rows, "problem": reasons, "largest_residual": residuals, **outcomes})}
    fine = np.zeros(0, dtype=bool) if found is None else np.array([reason is None for reason in found.problems])
    runs = np.asarray(rows["run"])[started][fine]
    if "series" in kept:
        made["series"] = _series(runs, found, fine, readings, quarters)
    if "flows" in kept:
        made["flows"] = _flows(runs, found, fine, quarters[1:])
    return made


def _outcomes(
    problems: Sequence[str | None], started: NDArray[np.bool_], found: Histories | None
) -> tuple[NDArray[np.object_], NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Reason, largest residual and outcomes of every run; NaN where there is no number."""
    reasons = np.array(problems, dtype=object)
    residuals = np.full(len(problems), np.nan)
    outcomes = {outcome.name: np.full(len(problems), np.nan) for outcome in OUTCOMES}
    if found is not None:
        reasons[started] = np.array(found.problems, dtype=object)
        residuals[started] = found.residuals.max(axis=1)
        for name, numbers in found.outcomes().items():
            outcomes[name][started] = numbers
    return reasons, residuals, outcomes


def _series(
    runs: NDArray[Any],
    found: Histories | None,
    fine: NDArray[np.bool_],
    readings: Sequence[str],
    quarters: Sequence[str],
) -> pd.DataFrame:
    """One row per run and quarter."""
    paths = np.zeros((0, len(quarters), len(readings))) if found is None else found.paths[fine]
    return pd.DataFrame(
        {
            "run": np.repeat(runs, len(quarters)),
            "quarter": _words(np.tile(np.arange(len(quarters)), len(runs)), quarters),
            **{name: paths[..., index].ravel() for index, name in enumerate(readings)},
        }
    )


def _flows(
    runs: NDArray[Any], found: Histories | None, fine: NDArray[np.bool_], quarters: Sequence[str]
) -> pd.DataFrame:
    """One row per run, quarter and kind of flow, where anything was paid."""
    shape = (0, len(quarters), len(FLOWS), len(FLOW_COLUMNS))
    paid = np.zeros(shape) if found is None or found.flows is None else found.flows[fine]
    run, quarter, flow = (paid != 0.0).any(axis=-1).nonzero()
    amounts = paid[run, quarter, flow]
    return pd.DataFrame(
        {
            "run": runs[run],
            "quarter": _words(quarter, quarters),
            "flow": _words(flow, tuple(FLOWS)),
            "payer": _words(flow, [kind.payer for kind in FLOWS.values()]),
            "payee": _words(flow, [kind.payee for kind in FLOWS.values()]),
            **{name: amounts[:, index] for index, name in enumerate(FLOW_COLUMNS)},
        }
    )


def _words(codes: NDArray[Any], words: Sequence[str]) -> pd.Categorical:
    """Texts of which there are few, told by number."""
    different = list(dict.fromkeys(words))
    place = np.array([different.index(word) for word in words], dtype=np.int64)
    return pd.Categorical.from_codes(place[codes] if len(codes) else [], different)
