"""The levers: short names for the keys of a scenario that sweeps, sliders and `mesa.batch_run` change.

A lever has the unit and range of its key. The keywords of `CapitalFlowModel`, the help of the command `capflow`, and
the tables of parameters in the documentation are made from this list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.economy.parameters import REGIMES
from sim.errors import CHANGES, ScenarioError, suggestion
from sim.scenario.schema import Quantity, Scenario


@dataclass(frozen=True)
class Lever:
    """A short name for a key of the scenario, whose value is a number or one of a few words."""

    name: str
    key: str
    group: str
    meaning: str
    choices: tuple[str, ...] = ()


LEVERS: tuple[Lever, ...] = (
    Lever("terminal_rate", "environment.terminal_rate", "rates", "bill rate in the long run"),
    Lever("cut_speed", "environment.cut_speed", "rates", "speed at which the bill rate moves to its long-run value"),
    Lever("rate_volatility", "environment.rate_volatility", "rates", "volatility of the bill rate"),
    Lever("demand_growth", "tokens.demand_growth", "coins", "trend growth of demand for tokens"),
    Lever("crypto_sentiment", "environment.crypto_sentiment", "coins", "mean mood of crypto markets"),
    Lever("yield_to_holders", "tokens.yield_to_holders", "coins", "part of the bill rate paid to holders"),
    Lever("transparency", "tokens.transparency", "coins", "minimum disclosure of the reserve by issuers"),
    Lever("loss_alarm", "tokens.loss_alarm", "coins", "reaction of holders to news of AI losses"),
    Lever("redeployment", "redeployment.redeployment", "issuers", "1: profit may go into AI; 0: it may not"),
    Lever("reach_into_reserve", "redeployment.reach_into_reserve", "issuers", "share of tokens lent to AI bets"),
    Lever("payout_ratio", "redeployment.payout_ratio", "issuers", "part of realised profit paid out"),
    Lever("buffer_target", "redeployment.buffer_target", "issuers", "excess reserves aimed for, divided by tokens"),
    Lever("intensity_of_choice", "redeployment.intensity_of_choice", "issuers", "how strongly money follows utility"),
    Lever("status_weight", "redeployment.status_weight", "issuers", "weight of visibility in utility"),
    Lever("anxiety_weight", "redeployment.anxiety_weight", "issuers", "weight of the expected fall of interest"),
    Lever("channel_cap", "redeployment.channel_cap", "issuers", "largest share of one AI channel"),
    Lever("spending_ambition", "labs_market.spending_ambition", "labs", "spending divided by expected revenue"),
    Lever("break_even_discipline", "labs_market.break_even_discipline", "labs", "weight of breaking even"),
    Lever("revenue_diffusion", "labs_market.revenue_diffusion", "labs", "speed at which customers adopt AI"),
    Lever("gpu_price", "gpus.gpu_price", "gpus", "installed price of a GPU at the opening"),
    Lever("delivery_limit", "gpus.delivery_limit", "gpus", "GPUs that the vendor can deliver at the opening"),
    Lever("technical_progress", "gpus.technical_progress", "gpus", "yearly fall of the rent from progress"),
    Lever("power_price", "gpus.power_price", "gpus", "price of electricity"),
    Lever("investor_appetite", "funding.investor_appetite", "capital", "factor on investors' budgets"),
    Lever("ai_sentiment", "environment.ai_sentiment", "capital", "mean mood about AI"),
    Lever("credit_spread", "credit.credit_spread", "capital", "spread of compute loans above the bill rate"),
    Lever("loan_to_cost", "funding.loan_to_cost", "capital", "part of GPU spending that lenders finance"),
)
CHOICES: tuple[Lever, ...] = (
    Lever("tether_regime", "issuers.tether.regime", "coins", "law that the largest issuer is under", REGIMES),
)
BY_NAME: dict[str, Lever] = {lever.name: lever for lever in (*LEVERS, *CHOICES)}


def quantity(scenario: Scenario, lever: Lever) -> Quantity:
    """Return the number in a scenario that a lever sets, with the number's unit and range."""
    section, key = lever.key.split(".")
    return getattr(scenario, section)[key]


def choice(scenario: Scenario, lever: Lever) -> str:
    """Return the word in a scenario that a lever with choices sets."""
    section, agent, key = lever.key.split(".")
    return getattr(getattr(scenario, section)[agent], key)


def keys(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the names of levers to dotted keys; leave dotted keys as they are.

    Raises:
        ScenarioError: if a name has no dot and is not the name of a lever.
    """
    translated = {}
    for name, value in changes.items():
        if name in BY_NAME:
            translated[BY_NAME[name].key] = value
        elif "." in name or name in ("title", "about", "events"):
            translated[name] = value
        else:
            problem = f"no such lever{suggestion(name, [*BY_NAME, 'events'])}"
            allowed = "a lever, or a dotted key such as environment.terminal_rate"
            raise ScenarioError(problem, name, allowed=allowed, where=CHANGES)
    return translated
