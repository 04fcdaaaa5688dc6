"""Run folders: writing the tables and metadata of a history, and reading them back."""
