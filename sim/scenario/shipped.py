"""Files that ship with the package (configs, data, pages), found wherever the package is installed."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """Return a file or folder that ships with the package, given its path from the top of the repository.

    A wheel has these files inside the package, a checkout has them next to the package.
    """
    inside = PACKAGE / name
    return inside if inside.exists() else PACKAGE.parent / name
