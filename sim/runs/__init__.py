"""Run folders, each with the tables and metadata of one history: how they are written and read back."""
