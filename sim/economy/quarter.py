"""One quarter of the economy: its phases in order, and the step that runs them.

Each phase takes the economy, the parameters, the quarter's draws and the decision rules, and returns a new
economy. Money moves only through `sim.economy.books.ledger`; the books are checked at the close.
"""

from dataclasses import replace

from sim.economy.arrays import Scalar
from sim.economy.beliefs import update_beliefs
from sim.economy.books.checks import identities
from sim.economy.books.ledger import EMPTY_JOURNAL
from sim.economy.capital.loans import service_loans
from sim.economy.capital.redeployment import redeploy
from sim.economy.capital.rounds import raise_funds
from sim.economy.capital.valuation import mark_stakes
from sim.economy.coins.regimes import put_laws_in_force
from sim.economy.coins.reserve import earn_on_reserves
from sim.economy.coins.tokens import trade_tokens
from sim.economy.compute.hours import clear_gpu_market
from sim.economy.compute.labs import run_labs
from sim.economy.compute.orders import buy_gpus
from sim.economy.compute.ventures import run_ventures
from sim.economy.decisions import RULES
from sim.economy.distress.company_failure import settle_failures
from sim.economy.distress.entry import admit_newcomers
from sim.economy.distress.issuer_failure import resolve_issuers
from sim.economy.environment import advance_environment, close_circuits
from sim.economy.parameters import Parameters
from sim.economy.phase import DecisionRules, Phase
from sim.economy.state import Draws, Economy

PHASES: tuple[Phase, ...] = (
    Phase("0", "Laws and audits", put_laws_in_force, "laws and audits whose day has come"),
    Phase("1", "Environment", advance_environment, "bill rate, bitcoin, gold, moods; holdings marked"),
    Phase("2", "Token market", trade_tokens, "thirteen weeks of demand, panic and redemptions; their booking"),
    Phase("3", "Reserve income", earn_on_reserves, "interest, yield to holders, distribution, costs, tax, marks"),
    Phase("4", "Compute loans fall due", service_loans, "interest and services cleared, principal"),
    Phase("5a", "Labs", run_labs, "capability, customers, revenue share, spending plan, staff, other cost, tax"),
    Phase("5b", "Ventures", run_ventures, "revenue, costs, milestones"),
    Phase("6", "The market for GPU hours", clear_gpu_market, "rent, hours, running costs, ageing"),
    Phase("7", "Funding", raise_funds, "orders, asks, calls on backers, rounds, loans, parents, surplus paid out"),
    Phase("8", "Redeployment", redeploy, "reserve repaid, buffer, dividends, reach, choice of channels, deals"),
    Phase("9", "Capital spending", buy_gpus, "deliveries, the vendor's next price and limit"),
    Phase("10a", "Marks", mark_stakes, "stakes towards fair value, return on labs"),
    Phase("10b", "Failure", settle_failures, "late payments; labs, providers (workout or liquidation), ventures"),
    Phase("10c", "Failure of issuers", resolve_issuers, "advances impaired, issuers wound up, late payouts"),
    Phase("10d", "Newcomers", admit_newcomers, "places taken"),
    Phase("11a", "Beliefs", update_beliefs, "reference rate, trust, expected returns, propensities, heat"),
    Phase("11b", "Closing", close_circuits, "interest on others' bills, the government's budget, vendor's payout"),
)
"""The phases of a quarter, in their order."""


def quarter(
    economy: Economy, parameters: Parameters, draws: Draws, rules: DecisionRules = RULES
) -> tuple[Economy, dict[str, Scalar]]:
    """Run one quarter, given its random numbers, data and dated events (`draws`), and check the books.

    Returns:
        The economy at the close, with the quarter's journal in its books, and name of each accounting identity ->
        its largest relative residual.
    """
    economy = open_books(economy)
    opening = economy.books
    for phase in PHASES:
        economy = phase.function(economy, parameters, draws, rules)
    return economy, identities(opening, economy.books)


def open_books(economy: Economy) -> Economy:
    """Count one more quarter, and empty the journal."""
    return replace(economy, quarter=economy.quarter + 1.0, books=replace(economy.books, journal=EMPTY_JOURNAL))
