"""Where results go: the folder of run folders."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")
"""Where run folders go, seen from where the command was given."""
