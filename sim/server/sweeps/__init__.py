"""The panels of the page of a sweep: statistics that DuckDB computes from the sweep's tables, and notes in words."""
