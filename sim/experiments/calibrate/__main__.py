"""`python -m sim.experiments.calibrate`: the tables and the figure of docs/calibration.md, from the records."""

from __future__ import annotations

from pathlib import Path

from sim.experiments.calibrate.record import ESTIMATES, Record, load_record
from sim.report.markdown import table
from sim.scenario.data import CONFIGS

PAGE = CONFIGS.parent / "docs" / "calibration.md"
FIGURE = PAGE.parent / "images" / "calibration.png"
START, END = "<!-- {name}: written by python -m sim.experiments.calibrate -->", "<!-- end of {name} -->"
USED, HELD_OUT = "2025Q2", "2024Q4"
"""The record with all that was observed, and the one by which held-out quarters are judged."""
FAR = 2.0


def tables() -> dict[str, str]:
    """The tables of the page, by name."""
    used, before = load_record(USED), load_record(HELD_OUT)
    return {
        "parameters": "\n".join(parameters(used)),
        "misses": "\n".join(misses(used)),
        "held out": "\n".join(held_out(before)),
        "numbers": "\n".join(numbers(used, before)),
    }


def parameters(record: Record) -> list[str]:
    """One row for each parameter."""
    rows = []
    for key, one in record.raw["parameters"].items():
        prior = f"{one['prior']['low']:g} to {one['prior']['high']:g}"
        interval = f"{one['low']:.3g} to {one['high']:.3g}" if one["identified"] else "the prior's"
        coverage, width = f"{one['coverage']:.0%}", f"{one['width_of_prior']:.0%}"
        word = "yes" if one["identified"] else "no"
        rows.append((f"`{key}`", f"{one['estimate']:.3g}", interval, prior, coverage, width, word))
    heads = ("parameter", "estimate", "90 percent", "prior, 90 percent", "truth inside", "width", "identified")
    return table(heads, rows).splitlines()


def misses(record: Record) -> list[str]:
    """Figures that the model misses by more than `FAR` of their errors."""
    return _rows([row for row in record.raw["targets"] if abs(row["gap_in_errors"]) > FAR])


def held_out(record: Record) -> list[str]:
    """Figures of quarters that were not fitted."""
    return _rows([row for row in record.raw["targets"] if row["use"] == "held out"])


def numbers(used: Record, before: Record) -> list[str]:
    """What the text says in numbers."""
    raw, gaps = used.raw, used.raw["root_mean_square_gap"]
    fitted = sum(row["use"] == "fitted" for row in raw["targets"])
    apart = before.raw["root_mean_square_gap"]
    return [
        f"- {len(used.identified)} of {len(used.keys)} parameters are identified, by {raw['recovery']['trials']} "
        f"histories with known parameters.",
        f"- {fitted} figures are fitted to {used.last}; their typical gap (root mean square) is "
        f"{gaps['fitted']:.2f} of their errors, and {gaps['judged']:.2f} for those that are only judged.",
        f"- Estimated to {before.last}, the model has a typical gap of {apart['fitted']:.2f} where it was fitted "
        f"and of {apart['held out']:.2f} in the two quarters kept aside.",
        f"- Gaps are larger than scatter and errors allow: variances are {raw['inflation']:.2f} times as large."
        if raw["inflation"] > 1.0
        else "- The gaps are no larger than scatter and errors allow.",
    ]


def _rows(rows: list[dict[str, object]]) -> list[str]:
    cells = []
    for row in rows:
        interval = f"{row['low']:.3g} to {row['high']:.3g}"
        label = f"{row['label']}, {row['period']} ({row['unit']})"
        numbers = (f"{row['observed']:.3g}", f"{row['model']:.3g}", interval, f"{row['gap_in_errors']:+.1f}")
        cells.append((label, *numbers, str(row["use"])))
    heads = ("figure", "observed", "model", "90 percent of histories", "gap in errors", "use")
    return table(heads, cells).splitlines()


def filled(text: str) -> str:
    """The page with its tables."""
    for name, lines in tables().items():
        start, end = START.format(name=name), END.format(name=name)
        before, found, rest = text.partition(start)
        middle, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"{PAGE.name}: no place for {name}")
        text = f"{before}{start}\n{lines}\n{end}{after}"
    return text


def main() -> None:
    """Write the page and the figure."""
    from sim.experiments.calibrate.figures import draw
    from sim.report.figures.style import DPI

    PAGE.write_text(filled(PAGE.read_text(encoding="utf8")), encoding="utf8")
    draw(load_record(USED).raw).savefig(FIGURE, dpi=DPI)
    print(f"{PAGE.name}: tables of {Path(ESTIMATES).name}")


if __name__ == "__main__":
    main()
