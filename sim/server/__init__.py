"""The visualisation server: watch the money move, turn a lever, compare worlds.

The server keeps no state of a session: the address says which history is meant (`address`), a bounded cache holds
it (`histories`), and the browser plays its quarters from one document (`history_json`).
"""

from sim.errors import needs

needs("dash", "dash_cytoscape", "dash_mantine_components", "flask_compress", "waitress", extra="server")
