"""Labs that never spend more than they earn and a part of their cash: what does their caution cost the clouds?

From the command line, in the top folder of the project:

    capflow run baseline --set decisions.lab_spending=examples.cautious_labs:spend

or in Python:

    python -m examples.cautious_labs

It builds on the model's own rule, and uses only what every array library has, so JAX can trace it too.
"""

import capflow
from sim.economy.arrays import namespace
from sim.economy.books.flows import LABS
from sim.economy.books.ledger import balance
from sim.economy.compute.labs import plan_spending, retained_revenue

QUARTERS_OF_CASH = 12.0
"""For how long a cautious lab makes its cash last."""


def spend(economy, parameters):
    """Spending of each lab, USD bn: the model's own plan, within revenue and a twelfth of cash a quarter."""
    xp = namespace(economy.labs.revenue)
    affordable = retained_revenue(economy.labs, parameters) + balance(economy.books, LABS) / QUARTERS_OF_CASH
    return xp.minimum(plan_spending(economy, parameters), affordable)


def outcome(**decisions):
    """Spending of all labs and sales of the GPU vendor over the history, USD bn."""
    model = capflow.CapitalFlowModel("baseline", rng=1)
    model.decisions.update(decisions)
    spent = sold = 0.0
    while model.running:
        model.step()
        spent += model.series["lab_spending_usd_bn"]
        sold += model.series["vendor_sales_usd_bn"]
    return spent, sold


if __name__ == "__main__":
    for title, decisions in (("as they are", {}), ("cautious", {"lab_spending": spend})):
        spent, sold = outcome(**decisions)
        print(f"labs {title:12s} spend {spent:7.0f}, GPUs are sold for {sold:7.0f} USD bn")
