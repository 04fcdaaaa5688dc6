"""The panels of the page of a sweep: sums that DuckDB makes of its tables, and their words."""
