"""The visualisation server: a history quarter by quarter, its levers, comparisons and results, in a browser.

The server keeps no state of a session: the address names the history (`address`), a bounded cache keeps it
(`histories`), and the browser plays its quarters from one document (`views`).
"""

from sim.errors import needs

needs("dash", "dash_cytoscape", "dash_mantine_components", "flask_compress", "waitress", extra="server")
