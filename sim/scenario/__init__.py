"""Scenarios: schema of the configuration files, loading and validation, levers, and data files."""
