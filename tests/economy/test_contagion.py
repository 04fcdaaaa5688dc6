"""Clearing, DebtRank and fire sales: published vectors, and properties on any balance sheets (M8-T1 to M8-T8)."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.economy.distress.clearing import clearing, equity_after, paid_pairwise
from sim.economy.distress.contagion import (
    aggregate_vulnerability,
    debtrank,
    fire_sale_losses,
    fire_sale_price,
    forced_sales,
    leverage_matrix,
    original_debtrank,
    relative_loss,
)

OWED = np.array([[0, 10, 0, 20], [0, 0, 12, 10], [8, 0, 0, 10], [0, 0, 0, 0]], float)
"""Appendix A.1: who (row) owes whom; the last agent is outside."""
HELD = np.array([[0, 6, 2], [3, 0, 5], [4, 1, 0]], float)
EQUITY = np.array([20.0, 16.0, 10.0])
"""Appendix A.2: claims of lenders (rows) on borrowers, and net worth."""
GLT = {
    "assets": np.array([100.0, 50.0]),
    "weights": np.array([[0.6, 0.4], [0.2, 0.8]]),
    "leverage": np.array([9.0, 4.0]),
    "impact": np.array([1e-4, 2e-4]),
    "shock": np.array([-0.01, 0.0]),
}
"""Appendix A.3."""

amounts = st.one_of(st.just(0.0), st.sampled_from([1.0, 2.0, 5.0, 0.1]), st.floats(1e-3, 100.0))
parts = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(1e-6, 1.0))


@st.composite
def networks(draw, most=7, largest=amounts):
    """Who (row) has how much on whom (column), in all shapes: empty, chains, circles, dense."""
    size = draw(st.integers(1, most))
    claims = draw(hnp.arrays(float, (size, size), elements=largest))
    kept = draw(hnp.arrays(float, (size, size), elements=st.sampled_from([0.0, 1.0])))
    return claims * kept * (1.0 - np.eye(size))


@st.composite
def clearings(draw):
    """Obligations, and what each agent has besides."""
    owed = draw(networks())
    return owed, draw(hnp.arrays(float, len(owed), elements=amounts))


@st.composite
def sheets(draw):
    """Exposures, positive equity and a shock."""
    held = draw(networks())
    equity = draw(hnp.arrays(float, len(held), elements=st.floats(0.1, 100.0)))
    return held, equity, draw(hnp.arrays(float, len(held), elements=parts))


@st.composite
def trees(draw):
    """Exposures on a directed tree: one path per pair, and no claim above its holder's equity."""
    size = draw(st.integers(1, 8))
    held = np.zeros((size, size))
    for node in range(1, size):
        other = draw(st.integers(0, node - 1))
        edge = (node, other) if draw(st.booleans()) else (other, node)
        held[edge] = draw(st.floats(0.01, 1.0))
    return held, np.ones(size), draw(st.integers(0, size - 1)), draw(parts)


# Clearing


@pytest.mark.parametrize(
    ("outside", "paid", "equity"),
    [
        ((30, 12, 10, 0), (30, 22, 18, 0), (8, 0, 4, 40)),
        ((15, 12, 10, 0), (23, 59 / 3, 18, 0), (0, 0, 30 / 11, 377 / 11)),
        ((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_clearing_gives_the_published_vectors(outside, paid, equity):
    """Appendix A.1."""
    outside = np.array(outside, float)
    got = clearing(OWED, outside)
    np.testing.assert_allclose(got, paid, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(equity_after(OWED, outside, got), equity, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("owed", "outside", "paid"),
    [
        ([[0, 10], [10, 0]], [0, 0], [10, 10]),  # a closed circle pays itself without a cent of its own
        ([[0, 10], [5, 0]], [0, 0], [5, 5]),
        ([[0, 0.1, 0.2], [0.3, 0, 0], [0, 0, 0]], [0, 0, 0], [0, 0, 0]),  # one that leaks cannot
        ([[0, 1], [0, 0]], [5, 0], [1, 0]),
        ([[0]], [3], [0]),
    ],
)
def test_clearing_of_circles_and_of_agents_that_owe_nothing(owed, outside, paid):
    got = clearing(np.array(owed, float), np.array(outside, float))
    np.testing.assert_allclose(got, paid, atol=1e-14)


@given(clearings())
def test_clearing_obeys_limited_liability_priority_and_proportionality(given_):
    """M8-T5."""
    owed, outside = given_
    paid = clearing(owed, outside)
    pairs = paid_pairwise(owed, paid)
    means = outside + pairs.sum(axis=0)
    slack = 1e-9 * max(1.0, float(owed.sum()))
    assert np.all(paid >= 0.0)
    assert np.all(paid <= owed.sum(axis=1))
    assert np.all(paid <= means + slack)
    # Priority: who pays less than it owes has nothing left.
    in_default = paid < owed.sum(axis=1) - slack
    np.testing.assert_allclose(paid[in_default], means[in_default], atol=slack)
    np.testing.assert_allclose(pairs.sum(axis=1), paid, atol=slack)
    rates = pairs[owed > 0.0] / owed[owed > 0.0]
    rows = np.nonzero(owed)[0]
    for row in set(rows):
        assert np.ptp(rates[rows == row]) <= 1e-12


@given(clearings())
def test_clearing_destroys_no_value(given_):
    """M8-T5: equity of all, whoever is outside included, is what there was to begin with."""
    owed, outside = given_
    left = equity_after(owed, outside, clearing(owed, outside))
    assert np.all(left >= 0.0)
    assert left.sum() == pytest.approx(outside.sum(), rel=1e-9, abs=1e-9)


@given(clearings())
def test_clearing_is_the_greatest_solution(given_):
    """Rounds of payments, started from everyone paying all, come down to it and no further."""
    owed, outside = given_
    total = owed.sum(axis=1)
    shares = np.divide(owed, total[:, None], out=np.zeros_like(owed), where=total[:, None] > 0.0)
    paid, exact = total, clearing(owed, outside)
    for _ in range(600):
        paid = np.minimum(total, outside + shares.T @ paid)
        assert np.all(paid >= exact - 1e-9 * max(1.0, total.max()))
    leak = 1.0 - np.abs(np.linalg.eigvals(shares)).max()
    if leak > 0.05:
        np.testing.assert_allclose(exact, paid, atol=1e-9 * max(1.0, total.max()))


@given(clearings(), st.floats(0.0, 50.0), st.data())
def test_payments_rise_with_means(given_, more, data):
    """M8-T5: and enough means pay everything."""
    owed, outside = given_
    lucky = data.draw(st.integers(0, len(owed) - 1))
    richer = outside + more * (np.arange(len(owed)) == lucky)
    assert np.all(clearing(owed, richer) >= clearing(owed, outside) - 1e-9)
    np.testing.assert_array_equal(clearing(owed, outside + owed.sum(axis=1)), owed.sum(axis=1))


@given(clearings(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_default_costs_lower_payments_and_cost_what_they_cost(given_, outside_recovery, claims_recovery):
    """Rogers and Veraart (2013): the greatest solution with costs, never above that without."""
    owed, outside = given_
    paid = clearing(owed, outside, outside_recovery, claims_recovery)
    assert np.all(paid <= clearing(owed, outside) + 1e-9)
    received = paid_pairwise(owed, paid).sum(axis=0)
    total = owed.sum(axis=1)
    full = outside + received >= total * (1.0 - 1e-9)
    np.testing.assert_allclose(paid[full], total[full], rtol=1e-9)
    some = outside_recovery * outside + claims_recovery * received
    np.testing.assert_allclose(paid[~full], np.minimum(some, total)[~full], rtol=1e-6, atol=1e-9)
    assert equity_after(owed, outside, paid).sum() <= outside.sum() + 1e-9 * max(1.0, outside.sum())


def test_a_long_chain_of_defaults_needs_its_rounds():
    """Each of ten agents lives on what the one before it pays; the first has half."""
    owed = np.diag(np.ones(9), 1)
    outside = 0.5 * (np.arange(10) == 0)
    np.testing.assert_allclose(clearing(owed, outside), [0.5] * 9 + [0.0])
    assert clearing(owed, outside, rounds=4).sum() > 4.5


# DebtRank


def test_debtrank_gives_the_published_vectors():
    """Appendix A.2."""
    matrix = leverage_matrix(HELD, EQUITY)
    assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(0.461353, abs=1e-6)
    small, full = np.array([0.1, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])
    np.testing.assert_allclose(debtrank(HELD, EQUITY, small), [0.116279, 0.037509, 0.050263], atol=1e-6)
    np.testing.assert_allclose(original_debtrank(HELD, EQUITY, small), [0.109625, 0.03125, 0.041875], atol=1e-12)
    np.testing.assert_allclose(debtrank(HELD, EQUITY, full), [1.0, 0.322581, 0.432258], atol=1e-6)
    lost = original_debtrank(HELD, EQUITY, full)
    np.testing.assert_allclose(lost, [1.0, 0.3125, 0.41875], atol=1e-12)
    assert relative_loss(lost, full, np.ones(3) / 3) == pytest.approx(0.24375, abs=1e-12)


@given(sheets())
def test_no_shock_no_loss(given_):
    """M8-T1: not even where a circle of claims would amplify the smallest one without end."""
    held, equity, shock = given_
    for method in (debtrank, original_debtrank):
        np.testing.assert_array_equal(method(held, equity, 0.0 * shock), 0.0)


@given(sheets(), parts, st.floats(1.0, 3.0))
def test_losses_are_parts_and_rise_with_shock_and_exposure(given_, less, more):
    """M8-T2."""
    held, equity, shock = given_
    lost = debtrank(held, equity, shock)
    for method in (debtrank, original_debtrank):
        h = method(held, equity, shock)
        assert np.all((h >= shock - 1e-12) & (h <= 1.0))
    assert np.all(debtrank(held, equity, less * shock) <= lost + 1e-9)
    assert np.all(debtrank(more * held, equity, shock) >= lost - 1e-9)


@given(sheets(), st.floats(0.05, 0.9))
def test_without_default_losses_are_a_linear_system(given_, radius):
    """M8-T3."""
    held, equity, shock = given_
    matrix = leverage_matrix(held, equity)
    scale = radius / max(matrix.sum(axis=1).max(), radius)
    linear = np.linalg.solve(np.eye(len(held)) - scale * matrix, 0.05 * shock)
    assume(linear.max() < 1.0)
    np.testing.assert_allclose(debtrank(scale * held, equity, 0.05 * shock), linear, rtol=0.0, atol=1e-10)


@given(sheets())
def test_debtrank_is_the_limit_of_its_definition(given_):
    """The dynamics as published, a round at a time, defaulted columns switched off once passed on."""
    held, equity, shock = given_
    before, now, active = np.zeros(len(held)), shock, np.ones(len(held))
    for _ in range(2000):
        after = np.minimum(1.0, now + (held / equity[:, None] * active) @ (now - before))
        before, now, active = now, after, np.where(now >= 1.0, 0.0, 1.0)
        if np.all(now - before <= 1e-15):
            break
    else:
        assume(False)
    np.testing.assert_allclose(debtrank(held, equity, shock), now, atol=1e-9)


@given(sheets())
def test_differential_is_at_least_original(given_):
    """M8-T4, on any graph."""
    held, equity, shock = given_
    assert np.all(debtrank(held, equity, shock) >= original_debtrank(held, equity, shock) - 1e-9)


@given(trees())
def test_differential_is_original_on_a_directed_tree(given_):
    """M8-T4, where there is one path per pair."""
    held, equity, start, size = given_
    shock = size * (np.arange(len(held)) == start)
    np.testing.assert_allclose(
        debtrank(held, equity, shock), original_debtrank(held, equity, shock), rtol=0.0, atol=1e-12
    )


@given(clearings(), st.data())
def test_clearing_never_loses_more_than_debtrank(given_, data):
    """M8-T6: a claim that is cleared is worth at least what DebtRank leaves of it."""
    owed, extra = given_
    # Everyone starts with more than it owes.
    outside = np.maximum(owed.sum(axis=1) - owed.sum(axis=0), 0.0) + extra + 0.1
    equity = outside + owed.sum(axis=0) - owed.sum(axis=1)
    loss = outside * data.draw(hnp.arrays(float, len(owed), elements=parts))
    left = equity_after(owed, outside - loss, clearing(owed, outside - loss))
    lost = equity * debtrank(owed.T, equity, np.minimum(loss / equity, 1.0))
    assert np.all(equity - left <= lost + 1e-8 * max(1.0, float(owed.sum())))


def test_a_circle_that_amplifies_ends_in_default_however_small_the_shock():
    held = np.array([[0.0, 3.0], [3.0, 0.0]])
    np.testing.assert_array_equal(debtrank(held, np.array([2.0, 2.0]), np.array([1e-30, 0.0])), [1.0, 1.0])


def test_agents_without_net_worth_lose_nothing_more_and_pass_nothing_on():
    held = np.array([[0.0, 5.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]])
    equity = np.array([10.0, -1.0, 10.0])
    for method in (debtrank, original_debtrank):
        np.testing.assert_array_equal(method(held, equity, np.array([0.0, 0.0, 1.0])), [0.0, 0.0, 1.0])
        np.testing.assert_array_equal(method(held, equity, np.array([0.0, 1.0, 0.0])), [0.5, 1.0, 0.0])


# Fire sales


def test_fire_sales_give_the_published_vector():
    """Appendix A.3."""
    losses = fire_sale_losses(**GLT)
    np.testing.assert_allclose(losses, [0.03976, 0.02316], atol=1e-12)
    equity = GLT["assets"] / (1.0 + GLT["leverage"])
    assert aggregate_vulnerability(losses, equity) == pytest.approx(0.003146, abs=1e-12)


def test_no_leverage_or_no_price_impact_no_fire_sale():
    """M8-T7."""
    for free in ("leverage", "impact"):
        np.testing.assert_array_equal(fire_sale_losses(**{**GLT, free: 0.0 * GLT[free]}), 0.0)


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 20.0))
def test_fire_sales_are_linear_in_the_shock_and_blind_to_order(seed, factor):
    """M8-T7."""
    rng = np.random.default_rng(seed)
    banks, assets = rng.integers(1, 6, 2)
    sheet = {
        "assets": rng.uniform(0.0, 100.0, banks),
        "weights": rng.dirichlet(np.ones(assets), banks),
        "leverage": rng.uniform(0.0, 20.0, banks),
        "impact": rng.uniform(0.0, 1e-3, assets),
        "shock": rng.uniform(-0.1, 0.0, assets),
    }
    losses = fire_sale_losses(**sheet)
    assert np.all(losses >= 0.0)
    more = fire_sale_losses(**{**sheet, "shock": factor * sheet["shock"]})
    np.testing.assert_allclose(more, factor * losses, atol=1e-300)
    order = rng.permutation(banks)
    moved = {name: sheet[name][order] for name in ("assets", "weights", "leverage")}
    np.testing.assert_allclose(fire_sale_losses(**{**sheet, **moved}), losses[order])


@st.composite
def banks(draw):
    """Illiquid assets, other risky assets, equity and a capital ratio that each bank just meets or exceeds."""
    size = draw(st.integers(1, 6))
    illiquid = draw(hnp.arrays(float, size, elements=st.floats(0.0, 10.0)))
    other = draw(hnp.arrays(float, size, elements=st.floats(0.0, 10.0)))
    least = draw(st.floats(0.04, 0.5))
    surplus = draw(hnp.arrays(float, size, elements=st.floats(0.0, 2.0)))
    return illiquid, other, least * (illiquid + other) + surplus, least


@given(banks(), st.floats(0.0, 0.2))
def test_who_meets_its_ratio_sells_nothing(given_, impact):
    """M8-T8: without a shock, or without price impact, the price stays at par."""
    illiquid, other, equity, least = given_
    assert fire_sale_price(illiquid, other, equity, least, impact) == pytest.approx(1.0, abs=1e-9)
    assert fire_sale_price(illiquid, other, 0.1 * equity, least, 0.0) == 1.0


@given(banks(), st.floats(0.0, 0.5), parts, parts)
@settings(deadline=None)
def test_the_price_falls_with_the_shock(given_, impact, one, other_part):
    """M8-T8."""
    illiquid, other, equity, least = given_
    low, high = sorted((one, other_part))
    mild, severe = (
        fire_sale_price(illiquid, other, equity * (1.0 - part), least, impact, 1000) for part in (low, high)
    )
    assert 0.0 < severe <= mild <= 1.0


@given(banks(), st.floats(0.0, 0.5), parts)
def test_the_price_is_the_highest_at_which_sales_are_absorbed(given_, impact, part):
    illiquid, other, equity, least = given_
    equity = equity * (1.0 - part)
    price = fire_sale_price(illiquid, other, equity, least, impact, 1000)

    def absorbed(at):
        return np.exp(-impact * forced_sales(at, illiquid, other, equity, least).sum())

    assert price == pytest.approx(absorbed(price), abs=1e-3)
    # Above it, sales always push the price further down.
    for above in np.linspace(price + 1e-3, 1.0, 50) if price < 0.99 else ():
        assert absorbed(above) < above
    # A bank that sold part of what it has meets its ratio again.
    sold = forced_sales(price, illiquid, other, equity, least)
    partly = (sold > 0.0) & (sold < illiquid)
    at_risk = (price * (illiquid - sold) + other)[partly]
    np.testing.assert_allclose((equity - (1.0 - price) * illiquid)[partly], least * at_risk, rtol=1e-9)


def test_the_usual_rounds_settle_the_price():
    sheet = np.array([10.0, 20.0]), np.array([5.0, 1.0]), np.array([0.9, 1.2]), 0.08
    usual, many = fire_sale_price(*sheet, 0.01), fire_sale_price(*sheet, 0.01, 5000)
    assert many < 0.99
    assert usual == pytest.approx(many, abs=1e-10)


# Array libraries


@pytest.mark.parametrize("seed", range(3))
def test_numpy_and_jax_agree(seed):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    rng = np.random.default_rng(seed)
    size = 12
    claims = rng.uniform(0.0, 10.0, (size, size)) * (rng.uniform(size=(size, size)) < 0.3) * (1.0 - np.eye(size))
    means, equity = rng.uniform(0.0, 8.0, size), rng.uniform(-1.0, 30.0, size)
    shock = rng.uniform(0.0, 1.0, size) * (rng.uniform(size=size) < 0.3)
    paid = clearing(claims, means)
    vectors = (rng.uniform(0.0, 10.0, size) for _ in range(2))
    calls = [
        (clearing, (claims, means)),
        (lambda owed, had: clearing(owed, had, 0.8, 0.9), (claims, means)),
        (paid_pairwise, (claims, paid)),
        (equity_after, (claims, means, paid)),
        (leverage_matrix, (claims, equity)),
        (debtrank, (claims, equity, shock)),
        (original_debtrank, (claims, equity, shock)),
        (relative_loss, (shock, 0.5 * shock, means / means.sum())),
        (lambda *sheet: fire_sale_losses(*sheet), tuple(GLT.values())),
        (aggregate_vulnerability, (means, abs(equity))),
        (fire_sale_price, (*vectors, 0.05 * means, np.float64(0.08), np.float64(0.005))),
    ]
    for function, arguments in calls:
        np.testing.assert_allclose(jax.jit(function)(*arguments), function(*arguments), rtol=1e-11, atol=1e-12)
