"""capflow: how stablecoin interest becomes AI infrastructure, with every dollar accounted for.

    import sim

    run = sim.run("baseline", seed=1)
    print(run.manifest["outcomes"]["interest_usd_bn"])

`sim.load` reads a scenario, `sim.run` makes a run folder, `sim.ensemble` runs many histories at once,
`sim.compare` runs two scenarios as twins, `sim.sweep` runs many points and goes on where it stopped,
`sim.calibrate` estimates parameters on the observed history,
`sim.elasticities` differentiates outcomes by levers,
`sim.backtest` forecasts from past quarters and scores the forecasts,
`sim.CapitalFlowModel` is a Mesa model like any other.
Names are imported when first used, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.ensembles import ensemble
    from sim.errors import AccountingError, ScenarioError
    from sim.experiments.backtest import Backtest, backtest
    from sim.experiments.calibrate import Calibration, calibrate
    from sim.experiments.compare import Comparison, compare
    from sim.experiments.elasticities import Elasticities, elasticities
    from sim.experiments.histories import WorkerError
    from sim.experiments.sweep import Sweep, sweep
    from sim.experiments.validate import validate
    from sim.facts import FactTable, facts_of
    from sim.model import CapitalFlowModel
    from sim.runs import Run, RunError
    from sim.scenario import Scenario, load
    from sim.single import run

_HOME = {
    "AccountingError": "sim.errors",
    "Backtest": "sim.experiments.backtest",
    "Calibration": "sim.experiments.calibrate",
    "CapitalFlowModel": "sim.model",
    "Comparison": "sim.experiments.compare",
    "Elasticities": "sim.experiments.elasticities",
    "FactTable": "sim.facts",
    "Run": "sim.runs",
    "RunError": "sim.runs",
    "Scenario": "sim.scenario",
    "ScenarioError": "sim.errors",
    "Sweep": "sim.experiments.sweep.folder",
    "WorkerError": "sim.experiments.histories",
    "backtest": "sim.experiments.backtest",
    "calibrate": "sim.experiments.calibrate",
    "compare": "sim.experiments.compare",
    "elasticities": "sim.experiments.elasticities",
    "ensemble": "sim.ensembles",
    "facts_of": "sim.facts",
    "load": "sim.scenario",
    "run": "sim.single",
    "sweep": "sim.experiments.sweep.runner",
    "validate": "sim.experiments.validate",
}

__all__ = [
    "AccountingError",
    "Backtest",
    "Calibration",
    "CapitalFlowModel",
    "Comparison",
    "Elasticities",
    "FactTable",
    "Run",
    "RunError",
    "Scenario",
    "ScenarioError",
    "Sweep",
    "WorkerError",
    "backtest",
    "calibrate",
    "compare",
    "elasticities",
    "ensemble",
    "facts_of",
    "load",
    "run",
    "sweep",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
