"""`python -m studies.calibration`: write the tables and the figure of docs/calibration.md from the records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.experiments.calibrate import Record, load_record
from sim.report.figures.style import DPI
from studies.calibration.figures import draw
from studies.markdown import replaced, table
from studies.places import DOCS, IMAGES

PAGE = DOCS / "calibration.md"
BEGIN, END = "<!-- {name}: written by python -m studies.calibration -->", "<!-- end of {name} -->"
USED, HELD_OUT = "2025Q2", "2024Q4"
"""The record with all that was observed, and the one by which held-out quarters are judged."""
FAR = 2.0
"""Errors of a figure from which a gap has a row."""
PARAMETERS = ("parameter", "estimate", "90 percent", "prior, 90 percent", "truth inside", "width", "identified")
FIGURES = ("figure", "observed", "model", "90 percent of histories", "gap in errors", "use")


def tables() -> dict[str, str]:
    """Write the tables of the page: name -> text."""
    used, before = load_record(USED), load_record(HELD_OUT)
    return {
        "parameters": table(PARAMETERS, [_parameter(key, row) for key, row in used.raw["parameters"].items()]),
        "misses": _figures([row for row in used.raw["targets"] if abs(row["gap_in_errors"]) > FAR]),
        "held out": _figures([row for row in before.raw["targets"] if row["use"] == "held out"]),
        "numbers": "".join(f"- {sentence}\n" for sentence in sentences(used, before)),
    }


def _parameter(key: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    interval = f"{row['low']:.3g} to {row['high']:.3g}" if row["identified"] else "the prior's"
    prior = f"{row['prior']['low']:g} to {row['prior']['high']:g}"
    shares = (f"{row['coverage']:.0%}", f"{row['width_of_prior']:.0%}")
    return (f"`{key}`", f"{row['estimate']:.3g}", interval, prior, *shares, "yes" if row["identified"] else "no")


def sentences(used: Record, before: Record) -> list[str]:
    """Write what the text says in numbers.

    Args:
        used: the record with all that was observed.
        before: the record of an earlier quarter, whose later figures were held out.
    """
    raw, gaps = used.raw, used.raw["root_mean_square_gap"]
    fitted = sum(row["use"] == "fitted" for row in raw["targets"])
    apart = before.raw["root_mean_square_gap"]
    return [
        f"{len(used.identified)} of {len(used.keys)} parameters are identified, by {raw['recovery']['trials']} "
        f"histories with known parameters.",
        f"{fitted} figures are fitted to {used.last}; their typical gap (root mean square) is "
        f"{gaps['fitted']:.2f} of their errors, and {gaps['judged']:.2f} for those that are only judged.",
        f"Estimated to {before.last}, the model has a typical gap of {apart['fitted']:.2f} where it was fitted "
        f"and of {apart['held out']:.2f} in the two quarters kept aside.",
        f"Gaps are larger than scatter and errors allow: variances are {raw['inflation']:.2f} times as large."
        if raw["inflation"] > 1.0
        else "The gaps are no larger than scatter and errors allow.",
    ]


def _figures(rows: list[Mapping[str, Any]]) -> str:
    return table(
        FIGURES,
        [
            (
                f"{row['label']}, {row['period']} ({row['unit']})",
                f"{row['observed']:.3g}",
                f"{row['model']:.3g}",
                f"{row['low']:.3g} to {row['high']:.3g}",
                f"{row['gap_in_errors']:+.1f}",
                str(row["use"]),
            )
            for row in rows
        ],
    )


def filled(page: str) -> str:
    """Write the tables into the page.

    Raises:
        ScenarioError: if the page has no place for a table.
    """
    for name, text in tables().items():
        page = replaced(page, BEGIN.format(name=name), END.format(name=name), text)
    return page


def main() -> None:
    """Write the page and the figure."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf8")), encoding="utf8")
    draw(load_record(USED).raw).savefig(IMAGES / "calibration.png", dpi=DPI)


if __name__ == "__main__":
    main()
