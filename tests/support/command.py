"""The command, as a person gives it."""

from __future__ import annotations

import subprocess
import sys

CAPFLOW = [sys.executable, "-c", "from sim.cli import main; main()"]


def capflow(*arguments, cwd, **options):
    return subprocess.run(
        [*CAPFLOW, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False, **options
    )
