"""The tiny scenario of tests: two issuers, two labs, two providers, round numbers, fixed for ever."""

from pathlib import Path

TINY = Path(__file__).parents[1] / "scenarios" / "tiny.toml"
TETHER, HARBOR = 0, 1
ALPHA, BETA = 0, 1
MERCHANT, CLOUD = 0, 1

CALM: dict = {}
RUN = {"events": [{"kind": "redemption_shock", "quarter": "2024Q3", "target": "tether", "size": 0.3}]}
DRY = {"funding.investor_appetite": 0.0, "redeployment.status_weight": 1.0, "entry.entry": 0.0}
WORLDS = (CALM, RUN, DRY)
"""Changes to the tiny scenario: none, a run on the largest issuer, and no money from investors."""
