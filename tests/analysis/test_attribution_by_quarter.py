"""Where the interest went up to every quarter: as if the run had ended there."""

import numpy as np
import pandas as pd
import pytest
from support.made_runs import DRY, KINDS, known_runs
from support.tiny import FROZEN

from sim.analysis.attribution import (
    direct_uses_by_issuer,
    direct_uses_by_quarter,
    final_uses,
    final_uses_by_quarter,
    interest_by_quarter,
    interest_earned,
)
from sim.economy.books.uses import AI
from sim.engine.history import history
from sim.experiments.run import run_of
from sim.report.figures.journeys import journeys, journeys_by_quarter
from sim.scenario.load import load

TABLES = {
    "direct": (direct_uses_by_quarter, direct_uses_by_issuer, ["issuer", "use", "label", "group"]),
    "final": (final_uses_by_quarter, final_uses, ["use", "label", "group"]),
    "journeys": (journeys_by_quarter, journeys, ["channel", "use", "label"]),
}
WHOLE, CUTS = 14, (1, 6, 11)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return known_runs(tmp_path_factory)


@pytest.fixture(scope="module")
def cut():
    """A history in which much happens, and the same seed run for fewer quarters."""
    return {
        quarters: run_of(history(load(FROZEN, {**DRY, "run.quarters": quarters}), 2, "numpy"))
        for quarters in (WHOLE, *CUTS)
    }


@pytest.mark.parametrize("quarters", CUTS)
@pytest.mark.parametrize("name", TABLES)
def test_each_quarter_is_what_a_run_that_ended_there_says(cut, name, quarters):
    by_quarter, at_end, keys = TABLES[name]
    label = cut[WHOLE].series["quarter"].iloc[quarters]
    table = by_quarter(cut[WHOLE])
    ours = table[table["quarter"] == label].set_index(keys)["usd_bn"]
    theirs = at_end(cut[quarters]).set_index(keys)["usd_bn"]
    assert not ours.index.duplicated().any()
    assert len(theirs)
    ours, theirs = ours.align(theirs, fill_value=0.0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_in_every_quarter_the_uses_sum_to_the_interest_earned_so_far(runs, kind):
    run = runs(kind)
    earned = pd.Series(run.series["interest_usd_bn"].cumsum().to_numpy(), index=run.series["quarter"])
    np.testing.assert_allclose(interest_by_quarter(run), earned, rtol=1e-9, atol=1e-12)
    assert interest_by_quarter(run)[-1] == pytest.approx(interest_earned(run), rel=1e-12)
    for by_quarter in (direct_uses_by_quarter, final_uses_by_quarter):
        told = by_quarter(run).groupby("quarter")["usd_bn"].sum().reindex(earned.index, fill_value=0.0)
        np.testing.assert_allclose(told, earned, rtol=1e-9, atol=1e-12)
    shares = final_uses_by_quarter(run).groupby("quarter")["share"].sum()[earned[earned > 0.0].index]
    np.testing.assert_allclose(shares, 1.0, rtol=1e-9)


@pytest.mark.parametrize("kind", ["baseline", "failures", "many agents", "no redeployment"])
def test_in_every_quarter_journeys_start_with_what_was_paid_in(runs, kind):
    run = runs(kind)
    uses = direct_uses_by_quarter(run)
    into = uses[(uses["group"] == AI) & (uses["usd_bn"] > 0.0)].groupby(["quarter", "use"])["usd_bn"].sum()
    gone = journeys_by_quarter(run).groupby(["quarter", "channel"])["usd_bn"].sum()
    assert gone.to_dict() == pytest.approx(into.to_dict(), rel=1e-9)
    assert bool(len(gone)) == (kind != "no redeployment")


def test_quarters_come_in_order_and_ends_by_size(runs):
    run = runs("failures")
    for by_quarter, _, keys in TABLES.values():
        table = by_quarter(run)
        assert list(table.columns[: 1 + len(keys)]) == ["quarter", *keys]
        assert table["quarter"].is_monotonic_increasing
    for _, rows in final_uses_by_quarter(run).groupby(["quarter", "group"]):
        assert rows["usd_bn"].is_monotonic_decreasing
