"""The tables of a comparison that can be downloaded."""

from __future__ import annotations

from typing import Any

from sim.server.comparison_query import SIDES
from sim.server.job_api import Table


def _differences(found: dict[str, Any]) -> Table:
    columns = ["name", "label", "unit", "mean_a", "mean_b", "mean", "low", "high", "spread_low", "spread_high"]
    header = ["outcome", *columns[1:5], "difference", "low_90", "high_90", "spread_5", "spread_95"]
    rows = ([row[column] for column in columns] + [row["decided"]] for row in found["outcomes"])
    return [*header, "differs_from_zero"], rows


def _fans(found: dict[str, Any]) -> Table:
    header = ["quarter", "measure", "unit", "world", *(f"quantile_{level:g}" for level in found["levels"])]
    rows = (
        [quarter, fan["name"], fan["unit"], side.upper(), *fan[side][place]]
        for fan in found["fans"]
        for side in SIDES
        for place, quarter in enumerate(found["quarters"])
    )
    return header, rows


def _origins(found: dict[str, Any]) -> Table:
    columns = ["origin", "mean_a", "mean_b", "mean", "low", "high", "decided"]
    header = ["origin", "mean_more", "mean_less", "difference_usd_bn", "low_90", "high_90", "differs_from_zero"]
    cause = found["cause"]
    whole = {"origin": "all_gpu_purchases", **cause["purchases"]}
    return header, ([row[column] for column in columns] for row in [*cause["origins"], whole])


TABLES = {"differences": _differences, "fans": _fans, "origins": _origins}
"""Tables of a comparison that can be downloaded."""
