"""The name for users, `capflow`, and what is said where a library or the right package is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.errors import MissingExtraError, needs

TOP = Path(__file__).parents[2]


def _python(*arguments, cwd, **environment):
    paths = os.pathsep.join(map(str, (environment.pop("first", TOP), TOP)))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def test_capflow_is_sim_and_so_are_its_modules(tmp_path):
    code = """
import capflow, sim
import capflow.scenario.levers, sim.scenario.levers
from capflow.report import palette
import sim.report.palette
assert capflow is sim and capflow.load is sim.load
assert capflow.scenario.levers is sim.scenario.levers and palette is sim.report.palette
assert sim.scenario.levers.__spec__.name == "sim.scenario.levers"
print(capflow.__version__)
"""
    done = _python("-c", code, cwd=tmp_path)
    assert done.stdout.strip() == sim.__version__, done.stderr


def test_a_foreign_sim_is_told_in_one_line(tmp_path):
    foreign = tmp_path / "sim.py"
    foreign.write_text("x = 1\n", encoding="utf-8")
    command = _python("-c", "import capflow; capflow.main()", cwd=tmp_path, first=tmp_path)
    assert command.returncode == 1
    problem = f"capflow: 'import sim' finds {foreign} and not the package of capflow; rename that"
    assert command.stderr.strip() == problem
    use = _python("-c", "import capflow; capflow.run('baseline')", cwd=tmp_path, first=tmp_path)
    assert use.stderr.strip().splitlines()[-1] == f"ImportError: {problem}"


@pytest.mark.parametrize("module", ["sim", "capflow"])
def test_the_command_runs_as_a_module_and_knows_its_version(tmp_path, module):
    done = _python("-m", module, "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"capflow {sim.__version__}\n")


def test_a_missing_library_is_told_with_its_extra():
    needs("numpy", extra="server")
    with pytest.raises(MissingExtraError) as caught:
        needs("numpy", "no_such_library", extra="server")
    assert str(caught.value) == ("this needs no_such_library, which is not installed: pip install 'capflow[server]'")
