"""Imports point one way, and the economy stays pure."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SIM = Path(__file__).parents[2] / "sim"
ECONOMY = sorted((SIM / "economy").rglob("*.py"))


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", ECONOMY, ids=lambda p: p.name)
def test_economy_imports_nothing_of_the_house_and_no_framework(path):
    standard = ("dataclasses", "typing", "collections.abc", "importlib", "__future__")
    allowed = ("sim.economy", "jaxtyping", "numpy", *standard)
    for name in _imports(path):
        assert name.startswith(allowed), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", ECONOMY, ids=lambda p: p.name)
def test_economy_has_no_loops_over_agents_no_io_and_no_randomness(path):
    source = path.read_text()
    for word in ("open(", "print(", "random", "import time", "np.random", ".at[", "global "):
        assert word not in source.replace("random numbers", "").replace("randomness", ""), (
            f"{path.name} contains {word!r}"
        )


def test_only_the_ledger_changes_cash_and_positions():
    """A phase decides amounts; `replace(books, cash=...)` and friends stand in the ledger alone."""
    for path in ECONOMY:
        if path.name == "ledger.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    assert keyword.arg not in ("cash", "positions"), f"{path.name}:{node.lineno}"
                assert getattr(node.func, "id", "") != "Books", f"{path.name}:{node.lineno}"


def test_importing_sim_is_light():
    heavy = "numpy pandas mesa matplotlib networkx duckdb jax pydantic"
    code = f"import sys, sim; sys.exit(bool({{*'{heavy}'.split()}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_arrays_are_never_written_in_place():
    """`x[...] = y` and `x += y` on arrays would break tracing; ledger and checks have dictionaries."""
    for path in ECONOMY:
        if path.name in ("ledger.py", "checks.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if isinstance(node, (ast.Assign, ast.AugAssign)):
                assert not any(isinstance(t, ast.Subscript) for t in targets), f"{path.name}:{node.lineno}"
            assert not isinstance(node, ast.AugAssign) or path.name == "measures.py", f"{path.name}:{node.lineno}"


def test_shapes_are_what_the_annotations_say():
    """Every function and dataclass of the economy, with its shapes checked at run time, over three quarters."""
    code = """
from jaxtyping import install_import_hook
with install_import_hook("sim.economy", "beartype.beartype"):
    from sim.economy.quarter import quarter
from support.tiny import FROZEN
from sim.opening import draws as random_numbers
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load
start = open_economy(load(FROZEN))
draws, economy = draws_for(load(FROZEN), start.names, 1, 3), start.economy
for step in range(3):
    economy, _ = quarter(economy, start.parameters, random_numbers.draws_of_quarter(draws, step))
print(float(economy.quarter))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "3.0", done.stderr[-2000:]
