"""One quarter of the economy: the table of contents of the model.

Every phase takes the economy, the rules and the quarter's draws, and returns a new economy. Money moves only
through `sim.economy.ledger`; the journal of the quarter is checked when the books close.
"""

from __future__ import annotations

from dataclasses import replace

from sim.economy.arrays import Scalar
from sim.economy.beliefs import update_beliefs
from sim.economy.capex import buy_gpus
from sim.economy.checks import identities
from sim.economy.credit import service_loans
from sim.economy.decisions import Decision, Decisions
from sim.economy.entry import admit_newcomers
from sim.economy.environment import advance_environment
from sim.economy.failure import settle_failures
from sim.economy.funding import (
    ask_for_rounds,
    choose_labs,
    investor_appetite,
    part_to_borrow,
    plan_orders,
    raise_funds,
)
from sim.economy.gpus import clear_gpu_market
from sim.economy.labs import plan_spending, run_labs
from sim.economy.ledger import EMPTY_JOURNAL
from sim.economy.marks import mark_stakes
from sim.economy.redeployment import choose_channels, pay_out, redeploy
from sim.economy.regimes import put_laws_in_force
from sim.economy.reserve import earn_on_reserves
from sim.economy.resolution import resolve_issuers
from sim.economy.rules import Rules
from sim.economy.sectors import close_circuits
from sim.economy.state import Draws, Economy
from sim.economy.tokens import trade_tokens
from sim.economy.ventures import run_ventures

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
    economy: Economy, rules: Rules, draws: Draws, decisions: Decisions = DECISIONS
) -> tuple[Economy, dict[str, Scalar]]:
    """Run one quarter and close the books.

    Args:
        economy: everything at the end of the last quarter.
        rules: parameters and traits.
        draws: this quarter's random numbers and data.
        decisions: decision rules, by name.

    Returns:
        The economy at the close, its books holding the quarter's journal, and the largest relative residual of
        each accounting identity.
    """
    economy = open_books(economy)
    opening = economy.books

    # 0  Laws and audits whose day has come
    economy = put_laws_in_force(economy, draws, rules)
    # 1  Environment: bill rate, bitcoin, gold, sentiment
    economy = advance_environment(economy, rules, draws)
    # 2  Token market in weekly rounds: demand, runs, the liquidity waterfall, the price
    economy = trade_tokens(economy, rules, draws)
    # 3  Reserve income, distribution, pass-through, marks
    economy = earn_on_reserves(economy, rules, draws)
    # 4  Compute loans fall due (clearing of what cannot be paid belongs here)
    economy = service_loans(economy, rules, draws)
    # 5  Labs and ventures: customers, capability, spending plans, staff
    economy = run_labs(economy, rules, draws, decisions)
    economy = run_ventures(economy, rules, draws)
    # 6  GPU market: rent, hours, running costs, ageing
    economy = clear_gpu_market(economy, rules, draws)
    # 7  Funding rounds and credit
    economy = raise_funds(economy, rules, draws, decisions)
    # 8  Redeployment of the issuers' profit
    economy = redeploy(economy, rules, draws, decisions)
    # 9  Capital spending: GPUs from the vendor
    economy = buy_gpus(economy, rules, draws)
    # 10 Marks, workouts and failures of companies, of issuers that their losses reach, and newcomers
    economy = mark_stakes(economy, rules, draws)
    economy = settle_failures(economy, rules, draws)
    economy = resolve_issuers(economy, rules, draws)
    economy = admit_newcomers(economy, rules, draws)
    # 11 Beliefs; the environment closes its circuits; books are closed and checked
    economy = update_beliefs(economy, rules, draws)
    economy = close_circuits(economy, rules, draws)
    return economy, identities(opening, economy.books)


def open_books(economy: Economy) -> Economy:
    """Start a quarter with an empty journal."""
    return replace(
        economy,
        quarter=economy.quarter + 1.0,
        books=replace(economy.books, journal=EMPTY_JOURNAL),
    )
