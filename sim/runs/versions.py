"""Versions of Python and of libraries, as folders of results and pages tell them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from platform import python_version

from sim import __version__


def versions_of(libraries: Iterable[str]) -> dict[str, str]:
    """Return the versions of what is installed.

    Args:
        libraries: names of distributions.

    Returns:
        "python" and each name -> its version, or "not installed".
    """
    return {"python": python_version(), **{name: _version(name) for name in libraries}}


def _version(library: str) -> str:
    if library == "capflow":
        return __version__  # of the code that runs, whatever a checkout was when it was installed
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
