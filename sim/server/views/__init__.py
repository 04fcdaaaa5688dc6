"""The documents that browsers get of histories and comparisons: a module for each part."""
