"""The method "seeds": one point, the unchanged scenario, whose histories differ in their seeds alone."""

from sim.experiments.sweep.methods.grid import Grid


class OnePoint(Grid):
    """A grid over no key, which has one point; there is nothing to analyse."""

    name = "seeds"
    points = "the scenario as it is"
    analysis = ""
