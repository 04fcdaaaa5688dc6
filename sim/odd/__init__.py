"""The tables of the model's ODD protocol, made from the configs and the code; `python -m sim.odd` writes them."""
