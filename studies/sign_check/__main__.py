"""`python -m studies.sign_check`: print the table and draw the figure of docs/model.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.report.figures.style import DPI
from studies.places import IMAGES
from studies.sign_check.figures import draw
from studies.sign_check.study import SEEDS, sign_check


def main(
    out: Annotated[Path, typer.Option(help="Where the figure goes.")] = IMAGES / "sign_check.png",
    seeds: Annotated[int, typer.Option(min=1, help="Histories for each rate and behaviour.")] = SEEDS,
) -> None:
    """Print the table and draw the figure."""
    table = sign_check(seeds=range(seeds))
    print(table.round(3).to_string(index=False))
    out.parent.mkdir(parents=True, exist_ok=True)
    draw(table).savefig(out, dpi=DPI)
    print(f"figure: {out}")


if __name__ == "__main__":
    typer.run(main)
