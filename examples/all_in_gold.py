"""An issuer that puts everything into gold: the smallest behaviour of one's own.

From the command line, in the top folder of the project:

    capflow run baseline --set decisions.redeployment=examples.all_in_gold:choose

or in Python:

    python -m examples.all_in_gold
"""

import numpy as np

import capflow
from sim.economy.parameters import CHANNELS, COLUMN


def choose(economy, _parameters):
    """Shares of deployable money, one row per issuer and one column per channel: all of it into gold."""
    issuers = economy.redeployment.share.shape[0]
    share = np.zeros((issuers, len(CHANNELS)))
    share[:, COLUMN["gold"]] = 1.0
    return share


def gold_bought(**decisions):
    """USD bn of gold that all issuers buy over the baseline's history, with some decisions replaced."""
    model = capflow.CapitalFlowModel("baseline", rng=1)
    model.decisions.update(decisions)
    bought = 0.0
    while model.running:
        model.step()
        bought += model.series["deployed_gold_usd_bn"]
    return bought


if __name__ == "__main__":
    print(f"gold bought by issuers as they are:      {gold_bought():6.1f} USD bn")
    print(f"gold bought by issuers all in for gold:  {gold_bought(redeployment=choose):6.1f} USD bn")
