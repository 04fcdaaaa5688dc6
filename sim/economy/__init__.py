"""One quarter of the economy: pure functions of arrays, without files, clock, random numbers or Mesa.

Start with `quarter`, the list of phases. In the order in which a dollar travels:

- `books`: balance sheets, the only functions that move money, and the checks at the close;
- `coins`: stablecoins, their holders, the reserves behind them, and the laws;
- `compute`: labs and ventures, GPU hours and their rent, GPU orders;
- `capital`: funding rounds, loans, valuations, and what issuers do with their profit;
- `distress`: workouts, failures, contagion, and newcomers;
- `environment`, `beliefs`: prices that no agent sets, government and vendor, and what everyone learns;
- `decisions`: the rules by which agents decide, each of which can be replaced;
- `state`, `parameters`: everything that a quarter changes, and everything that stays the same;
- `arrays`, `choice`: helpers on arrays, the logit choice, and the match of offers and asks.
"""
