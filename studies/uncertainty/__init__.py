"""The uncertainty of an outcome by its source: parameters, luck, and both."""
