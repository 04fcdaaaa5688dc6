"""Write the tables of the ODD protocol into its pages: `python -m studies.odd`, from the root of the repository.

The page of parameters is written whole. In `odd.md` a table stands between two comments,
`<!-- table: flows -->` and `<!-- end of table -->`, and is replaced.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sim.errors import ScenarioError
from sim.scenario.load import load
from studies.odd.entities import TABLES
from studies.odd.parameters import page

DOCS = Path("docs")
PROTOCOL, PARAMETERS = "odd.md", "odd-parameters.md"
BLOCK = re.compile(r"<!-- table: (\w+) -->\n.*?<!-- end of table -->", re.DOTALL)


def filled(text: str) -> str:
    """Return a page with its tables as the code gives them now.

    Raises:
        ScenarioError: if the page asks for a table that there is none of.
    """

    def made(block: re.Match[str]) -> str:
        name = block.group(1)
        if name not in TABLES:
            raise ScenarioError(f"{PROTOCOL}: no table {name!r}; there are {', '.join(TABLES)}")
        return f"<!-- table: {name} -->\n\n{TABLES[name]()}\n<!-- end of table -->"

    return BLOCK.sub(made, text)


def main() -> int:
    """Write the pages; returns the exit status."""
    protocol = DOCS / PROTOCOL
    try:
        if not protocol.is_file():
            raise ScenarioError(f"{protocol} does not exist: run this from the root of the repository")
        texts = {protocol: filled(protocol.read_text(encoding="utf8")), DOCS / PARAMETERS: page(load("baseline"))}
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 2
    for path, text in texts.items():
        path.write_text(text, encoding="utf8")
        print(f"wrote {path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
