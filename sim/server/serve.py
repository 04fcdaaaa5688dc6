"""The start and the end of the server process: it prints its address, answers requests, and shuts down cleanly."""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from sim.errors import MissingExtraError, ScenarioError
from sim.server.access import LOOPBACK

PORT = 8765
TOKEN = "CAPFLOW_TOKEN"
"""Environment variable for the token; on the command line, other users of the machine could see the token."""
COMPILE = "CAPFLOW_COMPILE"
"""Environment variable; 0 computes all histories in NumPy, uncompiled, on a machine that is short of memory."""
SHORTEST_TOKEN = 8
THREADS = 16
"""Requests answered at the same time; most of them wait for one of two cores."""
CONNECTIONS = 1000


def serve(
    host: str = "127.0.0.1", port: int = PORT, token: str | None = None, announce: Callable[[str], None] | None = None
) -> None:
    """Serve pages until the process is interrupted or terminated, then shut down cleanly.

    Args:
        host: the address to listen at; any address that other machines can reach needs a token.
        port: the port to listen at; 0 takes a free one.
        token: the secret that every request must carry.
        announce: called with the address of the pages; if left out, the address is printed.

    Raises:
        ScenarioError: if the host needs a token but none is given, or the port cannot be used.
    """
    if token is None and host not in LOOPBACK:
        raise ScenarioError(f"open to others, and so needs a token: set the variable {TOKEN}", "host", host)
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise ScenarioError("too short", "token", allowed=f"at least {SHORTEST_TOKEN} characters")
    if not 0 <= port <= 65535:
        raise ScenarioError("out of range", "port", port, "0 to 65535")
    from waitress import create_server

    from sim.server.app import JOBS, create_app

    app = create_app(token, (host,))
    try:
        server = create_server(
            app.server, host=host, port=port, threads=THREADS, connection_limit=CONNECTIONS, ident="capflow"
        )
    except (OSError, ValueError) as error:
        # waitress raises ValueError for a host name that has no address.
        problem = f"cannot listen at {host}: {getattr(error, 'strerror', None) or error}"
        raise ScenarioError(problem, "port", port) from None
    shown = f"[{host}]" if ":" in host else host
    preparing = threading.Thread(target=_prepare, name="prepare", daemon=True)
    try:
        url = f"http://{shown}:{server.effective_port}/"
        if announce is not None:
            announce(url)
        else:
            print(f"capflow: {url}", flush=True)
        if os.environ.get(COMPILE, "1") != "0":
            preparing.start()
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass  # Waitress, too, ends on these two without an error, once it runs.
    app.server.extensions[JOBS].close()
    print("capflow: stopped", file=sys.stderr, flush=True)
    if preparing.is_alive():
        # The process exits at once: a compilation under way would keep it alive, or crash it at exit.
        os._exit(0)


def _prepare() -> None:
    """Compile the simulation, so that a history takes a tenth of a second; until then it takes ten times as long."""
    from sim.engine.history import warm
    from sim.scenario.load import load

    with suppress(MissingExtraError):
        warm(load("baseline"))
