"""Distress: workouts, failures, contagion between balance sheets, and newcomers."""
