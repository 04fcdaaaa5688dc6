"""A scenario as the start of a history: balance sheets, parameters, synthetic agents and random draws."""
