"""`mesa.batch_run` over seeds, the way each Mesa does it."""

import inspect

import mesa
import pandas as pd

from sim.engine.mesa_model import CapitalFlowModel

NEWER = "rng" in inspect.signature(mesa.batch_run).parameters
"""From Mesa 3.4 on, seeds are an argument of their own; one among the parameters is passed over in silence."""


def batch_run(parameters, seeds, **options):
    """Run every combination of the parameters with every seed; one row a step and agent."""
    if NEWER:
        rows = mesa.batch_run(CapitalFlowModel, parameters, rng=seeds, display_progress=False, **options)
    else:
        rows = mesa.batch_run(CapitalFlowModel, {**parameters, "rng": seeds}, display_progress=False, **options)
    return pd.DataFrame(rows)
