"""No result depends on the order in which agents stand in the configs (M11-T3)."""

import numpy as np
import pytest
from support.histories import history
from support.sampling import sampled
from support.tiny import FROZEN

from sim.economy.books.measures import series
from sim.scenario.load import load

POPULATIONS = ("issuers", "labs", "providers", "investors", "ventures")


def reordered(scenario, number):
    """The same scenario with the agents of every population in another order."""
    random = np.random.default_rng(number)
    changes = {}
    for population in POPULATIONS:
        agents = list(getattr(scenario, population).items())
        changes[population] = dict(agents[place] for place in random.permutation(len(agents)))
    assert list(changes["providers"]) != list(scenario.providers)
    return scenario.model_copy(update=changes)


@pytest.mark.parametrize("name", sampled([FROZEN, "perfect-storm"], [FROZEN]))
def test_the_order_of_agents_does_not_matter(name):
    scenario = load(name)
    quarters = scenario.run.quarters
    _, as_given = history(scenario, seed=3, quarters=quarters)
    _, shuffled = history(reordered(scenario, 0), seed=3, quarters=quarters)
    for (one, _), (other, _) in zip(as_given, shuffled, strict=True):
        left, right = series(one), series(other)
        for measure in left:
            assert float(right[measure]) == pytest.approx(float(left[measure]), rel=1e-8, abs=1e-12), measure
