"""Many at once: no error, everyone gets the answer to their own question, and memory does not grow."""

import json
import random
import threading
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest
from support.browser import serving
from support.sampling import sampled

CLIENTS, TURNS = 12, 3
FEWER = 1
WARM, MORE = 40, 400
MOST_GROWTH = 60.0
"""MB; thousands of requests that each left a page or a history would take far more."""


def _get(address):
    with urllib.request.urlopen(address, timeout=120) as answer:
        content = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            import gzip

            content = gzip.decompress(content)
        return content


@pytest.mark.parametrize("compiled", sampled(["0", "1"], ["0"]))
def test_a_dozen_who_turn_levers_at_once_each_get_their_own_world(tmp_path, compiled):
    with serving(cwd=tmp_path, environment={"CAPFLOW_COMPILE": compiled}) as address:
        assert _wrong_answers(address, TURNS if compiled == "1" else FEWER) == []


def _wrong_answers(served, turns):
    """Worlds that are not the ones asked for, and errors, when all clients ask at once."""
    wrong = []

    def client(number):
        draw = random.Random(number)
        for _ in range(turns):
            rate = round(draw.uniform(0.0, 0.1), 3)
            try:
                found = json.loads(_get(f"{served}/api/world?{urlencode({'terminal_rate': rate})}"))
                if found["world"]["levers"]["terminal_rate"] != rate or found["largest_residual"] > 1e-9:
                    wrong.append(found["world"])
            except OSError as error:
                wrong.append(str(error))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def _memory(folder):
    """Resident memory of the server whose standard error is in a folder, MB."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            here = (status.parent / "cwd").resolve() == folder
            if here and b"serve" in (status.parent / "cmdline").read_bytes():
                return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1e3
        except (OSError, IndexError):
            continue
    raise LookupError(f"no server runs in {folder}")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory of a process is read from /proc")
def test_memory_stays_flat(tmp_path):
    history = "/api/world?terminal_rate=0.02"
    pages = ("/", "/_dash-layout", history, "/api/agent?agent=labs/OpenAI", "/assets/live.js")
    # Without JAX, whose program takes its memory when it is ready, which is no matter of requests.
    with serving(cwd=tmp_path) as address:

        def ask(count):
            for number in range(count):
                _get(f"{address}{pages[number % len(pages)]}")

        ask(WARM)
        before = _memory(tmp_path.resolve())
        ask(MORE)
        assert _memory(tmp_path.resolve()) - before < MOST_GROWTH
