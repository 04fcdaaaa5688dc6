"""`python -m studies.uncertainty`: run the sources, name the widest, and draw their fans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.report.figures.style import save_figures
from sim.scenario.load import load
from studies.places import IMAGES
from studies.uncertainty.figures import draw, words
from studies.uncertainty.results import HEADLINE, MEASURES, OTHERS
from studies.uncertainty.study import ESTIMATE, uncertainty


def main(
    out: Annotated[Path, typer.Option(help="Folder of the figures.")] = IMAGES,
    runs: Annotated[int, typer.Option(min=2, help="Seeds of each scenario.")] = 256,
    draws: Annotated[int, typer.Option(min=2, help="Draws of the parameters.")] = 256,
    estimate: Annotated[str, typer.Option(help="Record that parameters are drawn from, or priors.")] = ESTIMATE,
) -> None:
    """Run the sources, say which is widest, and draw the fans."""
    sources = uncertainty(load("baseline"), runs, draws, estimate)
    drawn = {"uncertainty": (HEADLINE,), "uncertainty_more": OTHERS}
    save_figures(out, ((name, draw(sources, measures)) for name, measures in drawn.items()))
    for measure in MEASURES:
        print(words(sources, measure))


if __name__ == "__main__":
    typer.run(main)
