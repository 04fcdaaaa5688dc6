"""A sweep as its page shows it: everything is added up where the tables are, and only sums leave them."""
