"""Questions that take many histories: ensembles, comparisons, sweeps, sensitivity, estimates, forecasts, facts."""
