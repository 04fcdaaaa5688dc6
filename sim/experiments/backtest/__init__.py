"""Forecasts from past origins with what was known then, and how they compare with those of benchmarks."""

from sim.experiments.backtest.forecasting import backtest
from sim.experiments.backtest.results import Backtest

__all__ = ["Backtest", "backtest"]
