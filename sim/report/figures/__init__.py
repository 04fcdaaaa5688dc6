"""The list of all figures of a run. Each is drawn from the run alone, without a screen or global settings.

`FIGURES["interest_flow"](run)` gives a matplotlib Figure; `save_all(run, folder)` draws every figure as PNG.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from sim.report.figures import (
    coins,
    gpus,
    interest_flow,
    issuers,
    labs,
    model_against_data,
    network,
    origins,
    systemic_risk,
)
from sim.report.figures.style import save_figures
from sim.runs.run import Run

__all__ = ["FIGURES", "Plate", "save_all"]


@dataclass(frozen=True)
class Plate:
    """One figure of the list: the function that draws it, its title, and a caption that says how to read it."""

    draw: Callable[[Run], Figure]
    title: str
    caption: str

    def __call__(self, run: Run) -> Figure:
        """Draw the figure of a run."""
        return self.draw(run)


FIGURES: dict[str, Plate] = {
    "interest_flow": Plate(
        interest_flow.draw,
        "Where the interest went",
        "Bands from issuers to what they did with their interest, as wide as their dollars. The part that "
        "reached AI and frontier companies is enlarged below, from the channel through which it left the issuer "
        "to what it paid for in the end, at any remove.",
    ),
    "network": Plate(
        network.draw,
        "The capital-flow network",
        "Payments of the last four quarters between agents, from left to right: who funds, who develops, who "
        "owns the machines, who is paid in the end. Lines bow below where money flows back. Orange lines are the "
        "part that was paid with bill interest.",
    ),
    "issuers": Plate(
        issuers.draw,
        "Issuers",
        "Tokens, interest, profit realised and on paper, and what the largest issuer owns. Dots are data.",
    ),
    "coins": Plate(
        coins.draw,
        "How safe the coins were",
        "The lowest price of each coin in each quarter, its worst week, what its reserve would fetch if all of "
        "it had to be sold in a hurry, and for the largest coin what stands between losses and its holders. "
        "Above 100 percent every holder can be paid whatever happens.",
    ),
    "labs": Plate(
        labs.draw,
        "Labs",
        "Revenue, spending, cash, runway and valuation; one shade for each lab. The runway strip is dark where "
        "cash lasts for few quarters at the present burn, and blank where a lab earns or has plenty.",
    ),
    "gpus": Plate(
        gpus.draw,
        "GPUs",
        "Rent and price of a GPU, how many hours are rented, who owns the GPUs, what the vendor sells, and how "
        "many GPUs bill interest bought. Dots are data.",
    ),
    "origins": Plate(
        origins.draw,
        "Whose money bought the GPUs",
        "The providers' GPU purchases by the origin of the money that paid for them, as shares and as amounts, "
        "and bill interest on a scale of its own.",
    ),
    "systemic_risk": Plate(
        systemic_risk.draw,
        "Whose failure would hurt whom",
        "What-ifs on the balance sheets: what the failure of one agent would take from the net worth of the "
        "others if nothing were recovered, who would lose it, which failure each should fear most, and the same "
        "through time. Net worth is what agents have in this economy; token holders and other owners outside are "
        "left out.",
    ),
    "model_against_data": Plate(
        model_against_data.draw,
        "The model against the data",
        "Quarters for which there are data. Input: the data are fed into the model, agreement means nothing. "
        "Calibrated: parameters were chosen with these data. Emergent: neither.",
    ),
}
"""Name -> figure, in the order of the story. The name is the file's: `figures/<name>.png`."""


def save_all(run: Run, folder: Path | str) -> list[Path]:
    """Draw every figure of a run as a PNG file in a folder, which is made if it does not exist; return the files.

    The same run gives the same bytes.
    """
    return list(save_figures(Path(folder), ((name, plate(run)) for name, plate in FIGURES.items())).values())
