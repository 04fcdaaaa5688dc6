"""Configs as a validated scenario: schema, quantities, agents, events, levers, data and quarters."""
