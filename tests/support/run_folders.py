"""Small run folders for tests, and processes that write them."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np

from sim.runs.run import Run
from sim.runs.writer import QuarterTables, RunWriter

MANIFEST = {"scenario": "baseline", "seed": 7, "quarters": 3}
QUARTERS = ["2023Q4", "2024Q1", "2024Q2"]


def quarter_tables(quarter: str, rows: int = 40) -> QuarterTables:
    """Tables whose values depend on the quarter alone; the opening quarter has no flows."""
    draws = np.random.default_rng([ord(letter) for letter in quarter])
    flows = {
        "quarter": [quarter] * rows,
        "flow": [f"flow {row % 5}" for row in range(rows)],
        "payer": [f"payer {row % 7}" for row in range(rows)],
        "payee": np.array([f"payee {row % 3}" for row in range(rows)]),
        "usd_bn": draws.normal(size=rows),
        "from_interest": draws.normal(size=rows),
        "from_equity": draws.normal(size=rows),
    }
    return QuarterTables(
        series={"quarter": quarter, "gpus": draws.normal(), 'odd "name"': np.nan, "phase": "calm"},
        agents={
            "quarter": [quarter] * rows,
            "population": ["lab"] * rows,
            "agent": [f"lab {row}" for row in range(rows)],
            "measure": ["cash"] * rows,
            "value": draws.normal(size=rows),
        },
        flows=flows if quarter != QUARTERS[0] else {},
        exposures={
            "quarter": [quarter],
            "instrument": ["bond"],
            "holder": ["fund"],
            "issuer": ["lab 1"],
            "usd_bn": [1.5],
        },
        events=[{"quarter": quarter, "kind": "default", "agent": "lab 1", "text": "naïve", "usd_bn": np.nan}],
    )


def write_run(out: Path, manifest: dict = MANIFEST) -> Run:
    with RunWriter(out) as writer:
        for quarter in QUARTERS:
            writer.quarter(quarter_tables(quarter))
        return writer.commit(manifest)


def python(code: str, *arguments: object, **options: object) -> subprocess.Popen:
    """A process that runs the code, with this file's helpers at hand; it heeds Ctrl-C, wherever it is started."""
    heeding = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    helpers = "import sys, time\nfrom pathlib import Path\nfrom sim.errors import RunError\n"
    helpers += "from tests.support.run_folders import *\n"
    source = heeding + helpers + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


STOPPED_MIDWAY = """
    with RunWriter(Path(sys.argv[1])) as writer:
        writer.quarter(quarter_tables("2023Q4"))
        print(writer.folder, flush=True)
        time.sleep(60)
"""


def contents(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
