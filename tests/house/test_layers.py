"""The house: its rooms, imports that point down the list of them, and no circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

TOP = Path(__file__).parents[2]
ROOMS = (
    "errors",
    "economy",
    "scenario",
    "opening",
    "engine",
    "runs",
    "analysis",
    "report",
    "experiments",
    "server",
    "cli",
)
"""In the order in which a dollar travels: a room imports those before it, and none after it."""
BESIDE = {"__init__", "__main__", "py.typed"}


def _modules():
    """Dotted name of every module of the house -> its file."""
    found = {}
    for path in [*(TOP / "sim").rglob("*.py"), *(TOP / "studies").rglob("*.py")]:
        name = ".".join(path.relative_to(TOP).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


MODULES = _modules()


def _imported(path):
    """Modules of the house that a file imports, those inside functions and for types alone too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            while name and name not in MODULES:
                name = name.rpartition(".")[0]
            if name:
                yield name


def _room(module):
    package, _, rest = module.partition(".")
    if package == "studies" or module == "sim.__main__":
        return len(ROOMS)
    return ROOMS.index(rest.split(".")[0]) if rest else -1


IMPORTS = {module: set(_imported(path)) - {module, "sim"} for module, path in MODULES.items()}


def test_the_list_of_the_rooms_is_the_table_of_contents():
    there = {path.stem if path.suffix == ".py" else path.name for path in (TOP / "sim").iterdir()}
    assert there - BESIDE - {"__pycache__"} == set(ROOMS)


def test_imports_point_down_the_list_of_the_rooms():
    up = [
        f"{module} -> {target}"
        for module, targets in IMPORTS.items()
        if module != "sim"
        for target in targets
        if _room(target) > _room(module)
    ]
    assert up == []


def test_no_file_imports_itself_in_a_circle():
    """Raises CycleError, with the files in the circle, if there is one; `sim` loads its names when first used."""
    graph = {m: t for m, t in IMPORTS.items() if m != "sim"}
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


def test_no_module_is_longer_than_400_lines():
    long = [str(path) for path in MODULES.values() if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    assert long == []
