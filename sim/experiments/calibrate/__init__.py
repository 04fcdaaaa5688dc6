"""Estimating the behavioural parameters on the observed history."""

from sim.experiments.calibrate.record import Record, load_record
from sim.experiments.calibrate.runner import Calibration, calibrate

__all__ = ["Calibration", "Record", "calibrate", "load_record"]
