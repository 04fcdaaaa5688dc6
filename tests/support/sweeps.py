"""Small sweeps for tests: a few seconds of NumPy, in many chunks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CAPFLOW = [
    sys.executable,
    "-c",
    # A test that runs in the background inherits an ignored Ctrl-C; a person's terminal does not.
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom sim.cli import main; main()",
]
ROOT = Path(__file__).parents[2]
RUNS, CHUNKS = 16, 8
DESIGN = """
title = "Rates and laws"
scenario = "baseline"
method = "grid"
engine = "numpy"
quarters = 2
replicates = 2
seed = 5
chunk = {chunk}
keep = {keep}

[vary.terminal_rate]
low = 0.0
high = 0.06
steps = 4

[vary.tether_regime]
values = ["genius", "offshore"]
"""


def write_design(path, keep="['series', 'flows']", chunk=2):
    """A design file of 16 runs, in 8 chunks unless told otherwise."""
    path.write_text(DESIGN.format(keep=keep, chunk=chunk))
    return path


def command(*arguments, cwd, **options):
    """Start `capflow` in a process (and process group) of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{cwd}"}
    return subprocess.Popen(
        [*CAPFLOW, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def done(*arguments, cwd, status=0):
    """Run `capflow` to its end; standard output and error."""
    process = command(*arguments, cwd=cwd)
    out, err = process.communicate(timeout=180)
    assert process.returncode == status, (process.returncode, err)
    assert "Traceback" not in err, err
    return out, err


def until(true, process=None, seconds=90):
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "waited in vain"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.005)
    return found


def outcome_files(folder):
    return sorted(path.name for path in (folder / "outcomes").glob("[0-9]*.parquet"))


def content(folder):
    """Everything that a sweep leaves but its log, its lock, its report and what was put aside: path -> bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.relative_to(folder).as_posix() not in ("status.jsonl", "report.html")
        and path.parent != folder / "figures"
        and not path.name.startswith(".lock")
        and path.parent.name != "aside"
    }


def log(folder, state=None):
    from sim.experiments.sweep.status import lines

    return [line for line in lines(folder) if state in (None, line["state"])]


def started(folder):
    return [line["chunk"] for line in log(folder, "started")]


def kill(pid):
    os.kill(pid, signal.SIGKILL)
