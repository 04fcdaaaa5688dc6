"""The name for users: `import capflow` gives the package `sim`; `main` is the command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim import *  # noqa: F403


class SameModules(MetaPathFinder, Loader):
    """Finds `capflow.report` where `sim.report` is: one module under two names, not a second copy."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for the modules below `capflow`, and for no others."""
        return ModuleSpec(name, self) if name.startswith("capflow.") else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the module by its own name."""
        module = import_module("sim" + spec.name.removeprefix("capflow"))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing more than give the module its own metadata back."""
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


def foreign_package() -> str:
    """Say in one line that another `sim` stands first on the path; empty if it is our own."""
    spec = find_spec("sim")
    origin = spec.origin if spec else None
    if origin and Path(origin).resolve() == Path(__file__).resolve().parent / "sim" / "__init__.py":
        return ""
    return f"capflow: 'import sim' finds {origin or 'other files'} and not the package of capflow; rename that"


PROBLEM = foreign_package()


def main() -> None:
    """Run the command line."""
    if PROBLEM:
        sys.exit(PROBLEM)
    from sim.cli import main as command

    command()


def __getattr__(_name: str) -> Any:
    raise ImportError(PROBLEM)


if __name__ == "__main__":
    main()
elif not PROBLEM:
    sys.meta_path.insert(0, SameModules())
    package = import_module("sim")
    package.main = main  # type: ignore[attr-defined]  # what the installed command calls
    sys.modules[__name__] = package
