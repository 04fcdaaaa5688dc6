"""What ties a worker process to the one that started it; imports nothing heavy, to hold from the start."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def end_with(watched: Connection) -> None:
    """End this process when the other end of a pipe is closed, on purpose or because its process is gone.

    Args:
        watched: the reading end of a pipe into which nobody writes.
    """
    threading.Thread(target=_wait, args=(watched,), daemon=True).start()


def _wait(watched: Connection) -> None:
    watched.poll(None)
    os._exit(1)
