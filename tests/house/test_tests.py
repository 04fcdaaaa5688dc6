"""The tests stand in the rooms of what they test, share helpers through `support`, and lean on no estimate."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
SIM = TESTS.parent / "sim"
BESIDE = {"golden", "house", "scenarios", "studies", "support"}
"""Folders that mirror no room: facts of the estimate, the house itself, scenarios, studies, helpers."""
MODULES = sorted(TESTS.rglob("test_*.py"))


def _rooms(folder):
    return {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("__")}


def test_folders_are_the_rooms_of_the_package():
    assert _rooms(TESTS) - BESIDE <= _rooms(SIM)
    assert _rooms(TESTS / "experiments") <= _rooms(SIM / "experiments")
    assert [path.name for path in TESTS.glob("*.py")] == ["conftest.py"]


def test_no_test_imports_a_test():
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text("utf8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.rpartition(".")[2].startswith("test_")], module.name
        assert not re.search(r'"test_\w+:\w+"', module.read_text("utf8")), f"{module.name} names a function of a test"


def test_names_of_test_files_are_unique():
    """Notes and the order of files name them without their folder."""
    assert len({module.name for module in MODULES}) == len(MODULES)


def test_tests_of_the_economy_never_load_the_estimated_baseline():
    for module in (TESTS / "economy").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "load":
                assert ast.unparse(node.args[0]) != "'baseline'", f"{module.name}:{node.lineno}: load(FROZEN)"
