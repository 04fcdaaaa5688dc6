"""One quarter of the economy: the table of contents of the model.

Every phase takes the economy, the parameters and the quarter's draws, and returns a new economy. Money moves only
through `sim.economy.books.ledger`; the journal of the quarter is checked when the books close.
"""

from __future__ import annotations

from dataclasses import replace

from sim.economy.arrays import Scalar
from sim.economy.beliefs import update_beliefs
from sim.economy.books.checks import identities
from sim.economy.books.ledger import EMPTY_JOURNAL
from sim.economy.capital.loans import service_loans
from sim.economy.capital.redeployment import choose_channels, pay_out, redeploy
from sim.economy.capital.rounds import (
    ask_for_rounds,
    choose_labs,
    investor_appetite,
    part_to_borrow,
    plan_orders,
    raise_funds,
)
from sim.economy.capital.valuation import mark_stakes
from sim.economy.coins.regimes import put_laws_in_force
from sim.economy.coins.reserve import earn_on_reserves
from sim.economy.coins.tokens import trade_tokens
from sim.economy.compute.hours import clear_gpu_market
from sim.economy.compute.labs import plan_spending, run_labs
from sim.economy.compute.orders import buy_gpus
from sim.economy.compute.ventures import run_ventures
from sim.economy.decisions import Decision, Decisions
from sim.economy.distress.company_failure import settle_failures
from sim.economy.distress.entry import admit_newcomers
from sim.economy.distress.issuer_failure import resolve_issuers
from sim.economy.environment import advance_environment
from sim.economy.parameters import Parameters
from sim.economy.sectors import close_circuits
from sim.economy.state import Draws, Economy

DECISIONS: dict[str, Decision] = {
    "lab_spending": plan_spending,
    "lab_rounds": ask_for_rounds,
    "gpu_orders": plan_orders,
    "gpu_borrowing": part_to_borrow,
    "investor_appetite": investor_appetite,
    "investor_choice": choose_labs,
    "payout": pay_out,
    "redeployment": choose_channels,
}
"""The rules by which agents decide. Any of them can be replaced by a function of the same form, which
`sim.economy.decisions.FORMS` gives."""


def quarter(
    economy: Economy, parameters: Parameters, draws: Draws, decisions: Decisions = DECISIONS
) -> tuple[Economy, dict[str, Scalar]]:
    """Run one quarter and close the books.

    Args:
        economy: everything at the end of the last quarter.
        parameters: parameters and traits.
        draws: this quarter's random numbers and data.
        decisions: decision rules, by name.

    Returns:
        The economy at the close, its books holding the quarter's journal, and the largest relative residual of
        each accounting identity.
    """
    economy = open_books(economy)
    opening = economy.books

    # 0  Laws and audits whose day has come
    economy = put_laws_in_force(economy, draws, parameters)
    # 1  Environment: bill rate, bitcoin, gold, sentiment
    economy = advance_environment(economy, parameters, draws)
    # 2  Token market in weekly rounds: demand, runs, the liquidity waterfall, the price
    economy = trade_tokens(economy, parameters, draws)
    # 3  Reserve income, distribution, pass-through, marks
    economy = earn_on_reserves(economy, parameters, draws)
    # 4  Compute loans fall due (clearing of what cannot be paid belongs here)
    economy = service_loans(economy, parameters, draws)
    # 5  Labs and ventures: customers, capability, spending plans, staff
    economy = run_labs(economy, parameters, draws, decisions)
    economy = run_ventures(economy, parameters, draws)
    # 6  GPU market: rent, hours, running costs, ageing
    economy = clear_gpu_market(economy, parameters, draws)
    # 7  Funding rounds and credit
    economy = raise_funds(economy, parameters, draws, decisions)
    # 8  Redeployment of the issuers' profit
    economy = redeploy(economy, parameters, draws, decisions)
    # 9  Capital spending: GPUs from the vendor
    economy = buy_gpus(economy, parameters, draws)
    # 10 Marks, workouts and failures of companies, of issuers that their losses reach, and newcomers
    economy = mark_stakes(economy, parameters, draws)
    economy = settle_failures(economy, parameters, draws)
    economy = resolve_issuers(economy, parameters, draws)
    economy = admit_newcomers(economy, parameters, draws)
    # 11 Beliefs; the environment closes its circuits; books are closed and checked
    economy = update_beliefs(economy, parameters, draws)
    economy = close_circuits(economy, parameters, draws)
    return economy, identities(opening, economy.books)


def open_books(economy: Economy) -> Economy:
    """Start a quarter with an empty journal."""
    return replace(
        economy,
        quarter=economy.quarter + 1.0,
        books=replace(economy.books, journal=EMPTY_JOURNAL),
    )
