"""Files that ship with the package: configs, data and pages, wherever it is installed."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """Return a file or folder that ships with the package, by its path from the top of the repository.

    A wheel has it inside the package, a checkout next to the package.
    """
    inside = PACKAGE / name
    return inside if inside.exists() else PACKAGE.parent / name
