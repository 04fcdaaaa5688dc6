"""Phase 5b, neurotech and robotics companies (ventures): revenue, costs and milestones."""

from dataclasses import replace

from sim.economy.arrays import column, namespace, row
from sim.economy.books.flows import VENTURES
from sim.economy.books.ledger import balance, pay
from sim.economy.parameters import Parameters
from sim.economy.state import Economy


def run_ventures(economy: Economy, parameters: Parameters, *_: object) -> Economy:
    """Book revenue, pay costs as far as cash allows, and add milestones in proportion to spending."""
    ventures = economy.ventures
    xp = namespace(ventures.burn)
    grow = xp.exp(parameters.venture.burn_growth / 4.0)
    burn, revenue = ventures.burn * grow * ventures.alive, ventures.revenue * grow * ventures.alive
    books = pay(economy.books, "venture_revenue", row(revenue))
    spent = xp.minimum(burn, balance(books, VENTURES))
    books = pay(books, "venture_costs", column(spent))
    ventures = replace(
        ventures, burn=burn, revenue=revenue, milestones=ventures.milestones + parameters.venture.progress * spent
    )
    return replace(economy, books=books, ventures=ventures)
