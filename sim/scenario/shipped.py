"""Files that ship with the package: configs, data and pages, wherever it is installed."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """Return the path of a file or folder that ships with the package.

    A wheel holds it inside the package, a checkout beside the package.

    Args:
        name: the path from the top of the repository, such as "configs" or "docs/about.md".
    """
    inside = PACKAGE / name
    return inside if inside.exists() else PACKAGE.parent / name
