"""The page about the model: what happens in a quarter, in words and a picture, the model's limits, how to cite it."""

import re
from functools import cache
from typing import Any

from dash import dcc, get_asset_url, html

from sim import __version__
from sim.errors import ScenarioError
from sim.scenario.shipped import shipped
from sim.server.address import LONGEST

PICTURE = re.compile(r"\]\(\.\./sim/server/assets/([\w.]+)\)")
LIMITS = "## Limits, honestly\n"


def layout(query: dict[str, str]) -> Any:
    """Return the page.

    Raises:
        ScenarioError: if the address has a query; this page takes none.
    """
    if query:
        raise ScenarioError("unknown key", min(query)[:LONGEST], allowed="none", where="address")
    words = shipped("docs/about.md").read_text("utf8")
    words = PICTURE.sub(lambda match: f"]({get_asset_url(match[1])})", words)
    cited = f"The capflow authors: *capflow*, version {__version__}. MIT licence."
    parts = (words, f"## Limits\n\n{limits()}", f"## How to cite\n\n{cited}")
    return html.Article(dcc.Markdown("\n\n".join(parts)), className="article")


@cache
def limits() -> str:
    """Return the section of the README on the limits of the model.

    Raises:
        LookupError: if the README has no such section.
    """
    _, heading, rest = shipped("README.md").read_text("utf8").partition(LIMITS)
    if not heading:
        raise LookupError(f"README.md: no section {LIMITS.strip()!r}")
    return rest.partition("\n## ")[0].partition("\nMIT licence")[0].strip()
