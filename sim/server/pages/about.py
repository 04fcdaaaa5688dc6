"""The page about the model: the quarter in words and a picture, its limits, how to cite it."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import Any

from dash import dcc, get_asset_url, html

from sim.data import CONFIGS
from sim.errors import ScenarioError

PHASES = (
    ("Environment", "The bill rate moves, bitcoin and gold too, and the moods of crypto and AI markets."),
    (
        "Token market",
        "In 13 weekly rounds holders buy tokens and hand them back. They may run; then the issuer sells what it has, "
        "and when nothing is left to sell the window closes and the price of the coin falls.",
    ),
    (
        "Reserve income",
        "Issuers earn interest on the bills behind the tokens, pay their distributors, and pass on what the law and "
        "they themselves want holders to have: mostly nothing.",
    ),
    ("Credit", "Interest and principal fall due. Who cannot pay fails, and GPUs are sold for what they fetch."),
    (
        "AI labs",
        "Customers spend on AI and choose by capability. Labs spend more than they earn as long as their cash lasts.",
    ),
    ("GPU market", "Hours asked for meet hours there are. The rent follows use, and falls as chips get better."),
    ("Funding", "Labs, providers and ventures ask for money; investors answer with appetite, or do not."),
    (
        "Redeployment",
        "The heart: an issuer divides its profit among savings, gold, bitcoin, loans for computing, shares, open data, "
        "brain implants and robots, by return, risk, status and what others do. Fear of falling rates pushes it out "
        "of the coin business.",
    ),
    ("Capital spending", "Providers buy GPUs from the vendor with what they raised, as many as it can deliver."),
    ("Revaluation and failure", "New rounds mark old stakes. Failures are written off and passed on to creditors."),
    ("Beliefs", "Everyone learns from what happened. Then the books are closed, and every identity is checked."),
)
README = CONFIGS.parent / "README.md"
LIMITS = "## Limits, honestly"


def layout(said: dict[str, str]) -> Any:
    """The page; its address has no choices.

    Raises:
        ScenarioError: if the address names any.
    """
    if said:
        raise ScenarioError(f"address: this page knows no {', '.join(sorted(said))[:64]}")
    return html.Article(
        [
            html.H1("About the model"),
            html.P(
                "Users hand stablecoin issuers dollars. The issuers buy Treasury bills, keep the interest, and put some "
                "of it into AI. capflow simulates that economy quarter by quarter from sourced balance sheets. Every "
                "dollar is accounted for, and remembers where it was earned."
            ),
            html.Img(
                src=get_asset_url("quarter.svg"),
                alt="Holders give issuers dollars for tokens; issuers buy Treasury bills from the government, which "
                "pays them interest; issuers lend and give it to GPU providers, AI labs and ventures, beside investors; "
                "labs rent computing from providers, and providers buy GPUs from the vendor.",
                className="quarter",
            ),
            html.H2("A quarter, in order"),
            html.Ol([html.Li([html.Strong(f"{name}. "), words]) for name, words in PHASES], className="phases"),
            html.H2("How to read the numbers"),
            html.Ul(
                [
                    html.Li(
                        "Cash is held by origin, and a payment takes every origin in proportion. So the books say which "
                        "GPUs Treasury interest paid for, at any remove. That is accounting."
                    ),
                    html.Li(
                        "What would have happened without it is another question. The Compare page answers it with "
                        "twins: two worlds on the same random numbers."
                    ),
                    html.Li("A history is one draw of chance. Change the seed, or look at many on the Compare page."),
                ]
            ),
            html.H2("Limits"),
            dcc.Markdown(limits(), className="markdown"),
            html.H2("How to cite"),
            html.P(f"The capflow authors: capflow, version {metadata.version('capflow')}. MIT licence.", id="citation"),
            html.P("Data rows carry their sources (configs/data). Methods and their sources stand in docs/."),
        ],
        className="article",
    )


@cache
def limits() -> str:
    """What the README says of the limits of the model."""
    _, found, rest = README.read_text(encoding="utf8").partition(LIMITS)
    if not found:
        raise LookupError(f"{README}: no section {LIMITS!r}")
    return rest.partition("\n## ")[0].partition("\nMIT licence")[0].strip()
