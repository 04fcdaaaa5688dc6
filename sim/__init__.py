"""capflow: a simulation of how stablecoin interest becomes AI infrastructure, with every dollar accounted for.

    import capflow

    run = capflow.run("baseline", seed=1)
    print(run.manifest["outcomes"]["interest_usd_bn"])

`capflow.load` reads a scenario, `capflow.run` makes a run folder, `capflow.ensemble` runs many histories at once,
`capflow.compare` runs two scenarios with the same random numbers, `capflow.sweep` runs many points and, called again,
resumes where it stopped, `capflow.calibrate` estimates parameters on the observed history,
`capflow.elasticities` differentiates outcomes with respect to levers,
`capflow.backtest` forecasts from past quarters and scores the forecasts,
`capflow.CapitalFlowModel` is an ordinary Mesa model.
`sim` is the package and `capflow` its name for users: both give the same objects. The objects are imported only when
they are first used, so that the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.analysis.facts import FactTable, facts_of
    from sim.engine.ensemble import ensemble
    from sim.engine.mesa_model import CapitalFlowModel
    from sim.errors import AccountingError, RunError, ScenarioError
    from sim.experiments.backtest import Backtest, backtest
    from sim.experiments.calibrate import Calibration, calibrate
    from sim.experiments.compare import Comparison, compare
    from sim.experiments.elasticities import Elasticities, elasticities
    from sim.experiments.run import run
    from sim.experiments.sensitivity import write_sweep_report
    from sim.experiments.sweep import Sweep, sweep
    from sim.experiments.validate import validate
    from sim.experiments.workers import WorkerError
    from sim.runs.run import Run
    from sim.scenario.load import Scenario, load

__version__ = "0.1.0"

_MODULES = {
    "AccountingError": "sim.errors",
    "Backtest": "sim.experiments.backtest",
    "Calibration": "sim.experiments.calibrate",
    "CapitalFlowModel": "sim.engine.mesa_model",
    "Comparison": "sim.experiments.compare",
    "Elasticities": "sim.experiments.elasticities",
    "FactTable": "sim.analysis.facts",
    "Run": "sim.runs.run",
    "RunError": "sim.runs.run",
    "Scenario": "sim.scenario.load",
    "ScenarioError": "sim.errors",
    "Sweep": "sim.experiments.sweep.folder",
    "WorkerError": "sim.experiments.workers",
    "backtest": "sim.experiments.backtest",
    "calibrate": "sim.experiments.calibrate",
    "compare": "sim.experiments.compare",
    "elasticities": "sim.experiments.elasticities",
    "ensemble": "sim.engine.ensemble",
    "facts_of": "sim.analysis.facts",
    "load": "sim.scenario.load",
    "run": "sim.experiments.run",
    "sweep": "sim.experiments.sweep.runner",
    "validate": "sim.experiments.validate",
    "write_sweep_report": "sim.experiments.sensitivity",
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
    "__version__",
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
    "write_sweep_report",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
