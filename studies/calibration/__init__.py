"""The tables and the figure of docs/calibration.md, and the adoption of an estimate by its scenario."""
