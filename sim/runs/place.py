"""Where results go: the folder of run folders."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "CAPFLOW_RUNS"
"""The environment variable that names another folder."""


def runs_folder() -> Path:
    """Return the folder of run folders: `$CAPFLOW_RUNS`, or `runs` in the folder of the command."""
    return Path(os.environ.get(VARIABLE) or "runs")
