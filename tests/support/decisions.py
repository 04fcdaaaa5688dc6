"""Decisions that a compiler cannot take, for tests of what is said of them."""


def untraceable(economy, parameters):
    """A payout that asks for a number while the program is traced."""
    return (0.9 if float(economy.environment.bill_rate) > 0.01 else 0.0) + 0.0 * economy.income.realised_profit
