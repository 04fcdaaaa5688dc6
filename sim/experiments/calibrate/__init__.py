"""Estimating the behavioural parameters on the observed history."""
