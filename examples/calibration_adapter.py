"""The model as a plain function `f(theta, N, seed) -> array (N, D)`, for calibration tools of other projects.

Tools for likelihood-free estimation ask for the model in this form: parameters in, D time series of N steps out.
This is all that it takes, so that any of them can be plugged in without this project depending on it:

    from examples.calibration_adapter import f
    f([0.34, 0.15, 0.40], N=6, seed=1)

Run it to see one answer: `.venv/bin/python -m examples.calibration_adapter`
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import capflow

PARAMETERS = ("tokens.demand_growth", "tokens.crypto_elasticity", "gpus.price_response")
"""Dotted keys that theta stands for; any number of the scenario can be named here (`capflow list levers`)."""
MEASURES = ("tokens_usd_bn", "interest_usd_bn", "gpu_rent_usd_hour", "vendor_sales_usd_bn")
"""Columns of the answer."""


def f(theta: Sequence[float], N: int, seed: int) -> np.ndarray:  # noqa: N803  (the form that such tools expect)
    """Run one history.

    Args:
        theta: values of `PARAMETERS`, in their units.
        N: quarters.
        seed: of the history.

    Returns:
        `(N, D)`: one row a quarter after the opening, one column for each of `MEASURES`.
    """
    changes = dict(zip(PARAMETERS, map(float, theta), strict=True))
    found = capflow.ensemble("baseline", runs=1, seed=seed, quarters=N, changes=changes, engine="numpy")
    return found.series.sel(measure=list(MEASURES)).isel(run=0).to_numpy()[1:]


if __name__ == "__main__":
    print(*MEASURES, sep="\t")
    for row in f([0.34, 0.15, 0.40], N=6, seed=1):
        print(*(f"{number:.3f}" for number in row), sep="\t")
