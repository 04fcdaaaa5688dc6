"""The visualisation server: it shows histories quarter by quarter, comparisons and results in a browser.

The server stores nothing about a visitor: the address of a page names the history (`address`), a bounded cache keeps
the history (`histories`), and the browser plays its quarters from one JSON document (`views`).
"""

from sim.errors import needs

needs("dash", "dash_cytoscape", "dash_mantine_components", "flask_compress", "waitress", extra="server")
