"""`python -m studies.tuition`: print the table and draw the figure of docs/tuition.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.report.figures.style import DPI
from studies.places import IMAGES
from studies.tuition.figures import draw
from studies.tuition.study import SEEDS, effects, paths


def main(
    out: Annotated[Path, typer.Option(help="Where the figure goes.")] = IMAGES / "tuition.png",
    seeds: Annotated[int, typer.Option(min=1, help="Histories of each world.")] = SEEDS,
) -> None:
    """Print the table and draw the figure."""
    table = paths(seeds=range(1, seeds + 1))
    print(effects(table).round(3).to_string(index=False))
    out.parent.mkdir(parents=True, exist_ok=True)
    draw(table, effects(table)).savefig(out, dpi=DPI)
    print(f"figure: {out}")


if __name__ == "__main__":
    typer.run(main)
