"""Scenarios of the tests, fixed for ever: the tiny one, and the baseline as it was in 2026Q2."""

from pathlib import Path

SCENARIOS = Path(__file__).parents[1] / "scenarios"
TINY = SCENARIOS / "tiny.toml"
"""Two issuers, two labs, two providers and round numbers."""
FROZEN = SCENARIOS / "frozen" / "baseline.toml"
"""All agents of the baseline; a new estimate of the baseline does not move it."""

TETHER, HARBOR = 0, 1
ALPHA, BETA = 0, 1
MERCHANT, CLOUD = 0, 1

CALM: dict = {}
RUN = {"events": [{"kind": "redemption_shock", "quarter": "2024Q3", "target": "tether", "size": 0.3}]}
DRY = {"funding.investor_appetite": 0.0, "redeployment.status_weight": 1.0, "entry.entry": 0.0}
WORLDS = (CALM, RUN, DRY)
"""Changes to the tiny scenario: none, a run on the largest issuer, and no money from investors."""
