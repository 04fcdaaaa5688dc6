"""The page: a template without numbers, and the numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim.errors import ScenarioError
from studies.findings import sentences, words
from studies.places import DOCS

HOME, IMAGES = Path("findings") / "findings.json", Path("images")
TEMPLATE, PAGE = DOCS / "findings" / "findings.md.jinja", "findings.md"
FILTERS: dict[str, Callable[..., str]] = {
    "bn": words.bn,
    "span": words.span,
    "signed": words.signed,
    "usd": words.usd,
    "usd_span": words.usd_span,
    "percent": words.percent,
    "percent_span": words.percent_span,
    "count": words.count,
    "count_span": words.count_span,
    "plain": words.plain,
    "plain_span": words.plain_span,
    "more": words.more,
    "effect": words.effect,
    "listed": words.listed,
    "capitalised": words.capitalised,
}


def render(findings: Mapping[str, Any], template: str | None = None) -> str:
    """Return the page as text.

    Args:
        findings: the findings, as `findings` gives them.
        template: the template that ships if left out.

    Raises:
        jinja2.UndefinedError: if the template asks for something that was not found.
    """
    from jinja2 import Environment, StrictUndefined

    house = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    house.filters.update(FILTERS)
    text = TEMPLATE.read_text(encoding="utf8") if template is None else template
    return house.from_string(text).render(**findings, say=sentences).strip() + "\n"


def read_findings(docs: Path = DOCS) -> dict[str, Any]:
    """Return the findings that were written.

    Raises:
        ScenarioError: if there are none, or they are damaged.
    """
    path = docs / HOME
    try:
        return dict(json.loads(path.read_text(encoding="utf8")))
    except FileNotFoundError:
        raise ScenarioError(f"{path}: no findings yet; run python -m studies.findings") from None
    except ValueError as error:
        raise ScenarioError(f"{path}: damaged: {error}") from None


def write_findings(findings: Mapping[str, Any], docs: Path = DOCS) -> Path:
    """Write the numbers."""
    path = docs / HOME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(findings, indent=1, allow_nan=False) + "\n", encoding="utf8")
    return path


def write_page(findings: Mapping[str, Any], docs: Path = DOCS) -> Path:
    """Write the page."""
    path = docs / PAGE
    path.write_text(render(findings), encoding="utf8")
    return path
