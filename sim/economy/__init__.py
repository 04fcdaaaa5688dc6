"""One quarter of the economy: pure functions of arrays, which use no files, clock, random numbers or Mesa.

Start with `quarter`, the list of phases. The modules and folders, in the order in which a dollar travels:

- `books`: balance sheets, the only functions that move money, and the checks at the close;
- `coins`: stablecoins, their holders, their reserves, and the laws for issuers;
- `compute`: labs and ventures, GPU hours and their rent, GPU orders;
- `capital`: funding rounds, loans, valuations, and what issuers do with their profit;
- `distress`: workouts of debt, failures, contagion, and newcomers;
- `environment`, `beliefs`: prices that no agent sets, government and vendor; what agents learn each quarter;
- `decisions`: the rules by which agents decide, each of which can be replaced;
- `state`, `parameters`: everything that a quarter changes, and everything that stays the same;
- `arrays`, `choice`: helpers for arrays; the logit choice, and the matching of offers with asks.
"""
