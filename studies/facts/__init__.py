"""The tables of docs/facts.md."""
