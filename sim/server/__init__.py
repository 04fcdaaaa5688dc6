"""The visualisation server: watch the money move, turn a lever, compare worlds.

Stateless: the address says which history is meant (`address`), a bounded cache answers it (`worlds`), and playing
through its quarters happens in the browser on the data of one document (`document`).
"""

from sim.errors import needs

needs("dash", "dash_cytoscape", "dash_mantine_components", "flask_compress", "waitress", extra="server")
