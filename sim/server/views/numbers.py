"""Numbers for JSON: six digits that matter, which no screen shows more of."""

from __future__ import annotations

from typing import Any

import numpy as np

DIGITS = 6


def short(values: Any) -> list[Any]:
    """Numbers with `DIGITS` digits that matter, in the nesting of the array; null for what is no number."""
    numbers = np.asarray(values, dtype=float)
    fine = np.isfinite(numbers)
    size = np.abs(np.where(fine & (numbers != 0.0), numbers, 1.0))
    scale = 10.0 ** np.clip(DIGITS - 1 - np.floor(np.log10(size)), 0.0, 15.0)
    rounded = np.round(np.where(fine, numbers, 0.0) * scale) / scale
    if fine.all():
        return rounded.tolist()
    told = rounded.astype(object)
    told[~fine] = None
    return told.tolist()
