"""A folder `runs/` with one of everything, made by the real thing: two or three quarters, NumPy."""

import os
from contextlib import contextmanager

import sim
from sim.experiments.ensemble import run_ensemble
from sim.experiments.sweep import sweep

GRID = {
    "title": "Rates and laws",
    "about": "What falls when rates fall.",
    "scenario": "baseline",
    "method": "grid",
    "engine": "numpy",
    "quarters": 2,
    "replicates": 2,
    "seed": 5,
    "chunk": 4,
    "keep": ["outcomes", "series"],
    "vary": {
        "terminal_rate": {"low": 0.0, "high": 0.06, "steps": 3},
        "tether_regime": {"values": ["genius", "offshore"]},
    },
}


@contextmanager
def inside(folder):
    """Work in a folder, as a server there would."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


def fill(folder, figures=False):
    """Make a run, an ensemble, a comparison and a sweep under `runs/` of a folder."""
    with inside(folder):
        sim.run("baseline", quarters=2, changes={"terminal_rate": 0.01}, out="runs/small", figures=figures)
        run_ensemble("baseline", 3, quarters=2, out=folder / "runs" / "three", engine="numpy", report=False)
        sim.compare("baseline", "zero-rates", runs=2, quarters=3, engine="numpy").save("runs/pair")
        sweep(GRID, folder / "runs" / "laws", workers=1, name="laws")
    return folder
