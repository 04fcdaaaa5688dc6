"""One quarter of the economy: pure functions of arrays, without files, clock, random numbers or Mesa.

Start with `quarter`, the list of phases. In the order in which a dollar travels:

- `books`: who holds and owes what, the only functions that move money, and the checks at the close;
- `coins`: stablecoins, their holders, the reserves behind them, and the laws;
- `compute`: labs and ventures, GPU hours and their rent, GPU orders;
- `capital`: funding rounds, loans, valuations, and what issuers do with their profit;
- `distress`: who cannot pay, who fails, who loses by it, and who comes instead;
- `environment`, `sectors`, `beliefs`: prices that no agent sets, government and vendor, and what everyone learns;
- `decisions`: the rules by which agents decide, each of which can be replaced;
- `state`, `parameters`: what a quarter changes, and what stays the same;
- `arrays`, `choice`: helpers on arrays, and the two ways in which agents divide something.
"""
