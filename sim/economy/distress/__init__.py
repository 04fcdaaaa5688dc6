"""Distress: clearing of debts, workouts, failures of companies and issuers, contagion, and newcomers."""
