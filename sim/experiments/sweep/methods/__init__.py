"""The methods of a sweep by name; each chooses points, and analyses how outcomes depend on the levers."""

from sim.experiments.sweep.methods.grid import Grid
from sim.experiments.sweep.methods.interface import Method, Sampled
from sim.experiments.sweep.methods.latin_hypercube import LatinHypercube
from sim.experiments.sweep.methods.morris import Morris
from sim.experiments.sweep.methods.points import OnePoint
from sim.experiments.sweep.methods.random import Random
from sim.experiments.sweep.methods.sobol import Sobol

__all__ = ["METHODS", "Method", "Sampled"]

METHODS: dict[str, Method] = {
    method.name: method for method in (Grid(), Random(), LatinHypercube(), Sobol(), Morris(), OnePoint())
}
