"""The page about the model: the quarter in words and a picture, its limits, how to cite it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from dash import dcc, get_asset_url, html

from sim import __version__
from sim.errors import ScenarioError
from sim.scenario.shipped import shipped

PICTURE = re.compile(r"\]\(\.\./sim/server/assets/([\w.]+)\)")
LIMITS = "## Limits, honestly\n"


def layout(said: dict[str, str]) -> Any:
    """Return the page; its address has no choices.

    Raises:
        ScenarioError: if the address names any.
    """
    if said:
        raise ScenarioError(f"address: this page knows no {', '.join(sorted(said))[:64]}")
    words = shipped("docs/about.md").read_text("utf8")
    words = PICTURE.sub(lambda found: f"]({get_asset_url(found[1])})", words)
    cited = f"The capflow authors: *capflow*, version {__version__}. MIT licence."
    parts = (words, f"## Limits\n\n{limits()}", f"## How to cite\n\n{cited}")
    return html.Article(dcc.Markdown("\n\n".join(parts)), className="article")


@cache
def limits() -> str:
    """Return what the README says of the limits of the model.

    Raises:
        LookupError: if it has no such section.
    """
    _, found, rest = shipped("README.md").read_text("utf8").partition(LIMITS)
    if not found:
        raise LookupError(f"README.md: no section {LIMITS.strip()!r}")
    return rest.partition("\n## ")[0].partition("\nMIT licence")[0].strip()
