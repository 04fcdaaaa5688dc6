"""The JSON documents about histories and comparisons that browsers get, one module for each part."""
