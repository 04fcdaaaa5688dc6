"""Tables of the ODD protocol, made from the configs and the code; `python -m studies.odd` writes them."""
