"""The opening of a history, built from a scenario: balance sheets, parameters, events and random draws."""
