"""capflow as others install it: in an environment of its own, run from an empty folder."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path

import pytest
from support.browser import serving

TOP = Path(__file__).parents[2]
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")
ASKED = ("", "compare", "runs", "facts", "about", "assets/capflow.css", "assets/favicon.ico")
SMALL = """
title = "Small"
scenario = "baseline"
method = "grid"
set = { "run.quarters" = 2 }

[vary.terminal_rate]
values = [0.01, 0.05]
"""


class Installed:
    """An environment, and an empty folder to run it from."""

    def __init__(self, folder):
        self.bin, self.empty = folder / "environment" / "bin", folder / "empty"
        self.empty.mkdir()
        self.variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CAPFLOW_RUNS")}
        self.run(sys.executable, "-m", "venv", self.bin.parent)

    def run(self, *command, status=0):
        """Run a command in the empty folder."""
        done = subprocess.run(
            [*map(str, command)], cwd=self.empty, env=self.variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done

    def python(self, *arguments):
        """Run the Python of the environment."""
        return self.run(self.bin / "python", *arguments).stdout

    def capflow(self, *arguments, status=0):
        """Run the command; return standard output, or the lines of standard error where it fails."""
        done = self.run(self.bin / "capflow", *arguments, status=status)
        return done.stderr.splitlines() if status else done.stdout

    def check_pages(self):
        """Ask the server for its pages."""
        program = [self.bin / "capflow", "serve", "--port", "0"]
        with serving(program=program, cwd=self.empty, environment={"PYTHONPATH": ""}) as address:
            for page in ASKED:
                with urllib.request.urlopen(f"{address}/{page}", timeout=60) as answer:
                    assert answer.status == 200, page


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, TOP]
    subprocess.run([*map(str, command)], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_runs_from_an_empty_folder(tmp_path, wheel):
    """With the libraries of this environment, so that nothing is downloaded."""
    installed = Installed(tmp_path)
    installed.python(*PIP, "install", "--no-deps", wheel)
    site = Path(installed.python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    package = installed.python("-c", "import capflow; print(capflow.__file__)").strip()
    assert Path(package).is_relative_to(site)
    answer = json.loads(installed.capflow("run", "baseline", "--quarters", "2", "--json"))
    run = Path(answer["run_dir"])
    assert run.parent == installed.empty / "runs"
    assert (run / "report.html").is_file()
    installed.variables["CAPFLOW_RUNS"] = str(tmp_path / "elsewhere")
    answer = json.loads(installed.capflow("run", "baseline", "--quarters", "1", "--no-figures", "--json"))
    assert Path(answer["run_dir"]).parent == tmp_path / "elsewhere"
    installed.check_pages()


@pytest.mark.slow
def test_an_install_with_all_extras_does_what_the_readme_says(tmp_path, wheel):
    """From a clone, and then from the wheel in the same environment."""
    installed = Installed(tmp_path)
    constraints = ("--constraint", TOP / "constraints.txt")
    for options in ((*constraints, f"{TOP}[all]"), ("--no-deps", "--force-reinstall", wheel)):
        installed.python(*PIP, "install", *options)
        run = json.loads(installed.capflow("run", "baseline", "--json"))
        ensemble = json.loads(installed.capflow("run", "baseline", "--runs", "40", "--json"))
        assert ensemble["runs"] == 40
        sweep = json.loads(installed.capflow("sweep", "rates", "--json"))
        assert (sweep["runs"], sweep["complete"]) == (700, True)
        results = [Path(run["run_dir"]), Path(ensemble["run_dir"]), Path(sweep["sweep_dir"])]
        assert {folder.parent for folder in results} == {installed.empty / "runs"}
        installed.python("-c", "import capflow; capflow.run('baseline')")
        installed.check_pages()
        shutil.rmtree(installed.empty / "runs")


@pytest.mark.slow
def test_the_plain_install_says_in_one_line_what_is_missing(tmp_path, wheel):
    installed = Installed(tmp_path)
    installed.python(*PIP, "install", "--constraint", TOP / "constraints.txt", wheel)
    (installed.empty / "small.toml").write_text(SMALL, encoding="utf-8")
    installed.capflow("run", "baseline")
    installed.capflow("run", "baseline", "--runs", "2", "--quarters", "2")
    installed.capflow("sweep", "small.toml")
    installed.capflow("compare", "baseline", "no-redeployment", "--runs", "2", "--quarters", "2")
    installed.python("-c", "import capflow; capflow.run('baseline', quarters=1)")
    for arguments, library, extra in (
        (("serve",), "dash", "server"),
        (("run", "--runs", "2", "--engine", "jax"), "jax", "jax"),
        (("calibrate",), "optuna", "calibrate"),
        (("backtest",), "scoringrules", "calibrate"),
        (("sweep", "ai-funding"), "SALib", "sensitivity"),
        (("sweep", "small.toml", "--out", "other", "--scheduler", "tcp://127.0.0.1:1"), "distributed", "cluster"),
    ):
        said = installed.capflow(*arguments, status=2)
        assert said == [f"capflow: this needs {library}, which is not installed: pip install 'capflow[{extra}]'"], (
            arguments
        )
