"""A real browser and real server processes, for tests of the pages."""

import os
import select
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from support.sweeps import CAPFLOW, ROOT

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NOT_COMPILED = {"CAPFLOW_COMPILE": "0"}
"""Pages run their histories in NumPy: to compile takes half a minute, for the same numbers."""
STARTING, STOPPING = 60, 20
"""Seconds given to a server; a busy machine may need many, a quiet one needs two."""


def chromium():
    """Path of a Chromium or Chrome; without one the test is skipped, but under CI=true it fails."""
    told = os.environ.get("CAPFLOW_BROWSER")
    if told:
        path = shutil.which(told)
        return path or pytest.fail(f"CAPFLOW_BROWSER is {told}, and no such program can be run", pytrace=False)
    for name in PROGRAMS:
        if path := shutil.which(name):
            return path
    reason = "no Chromium or Chrome: install it (Debian: apt-get install chromium) or name it: CAPFLOW_BROWSER"
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def launched():
    """A headless browser, closed at the end."""
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(browser, home, size=WIDE, **options):
    """An empty page that must stay free of trouble.

    Trouble is an error in a script, an answer of 500 and above, or a request to another machine than `home`. A
    refused request (400 to 499) is not, since tests make them on purpose.
    """
    troubles = []
    context = browser.new_context(viewport=size, **options)
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(f"error in a script: {error}"))
    page.on("console", lambda message: troubles.extend(_complaint(message)))
    page.on("response", lambda answer: troubles.extend(_failed(answer)))
    page.on("request", lambda request: troubles.extend(_elsewhere(request, home)))
    try:
        yield page
        assert not troubles, "\n".join(troubles)
    finally:
        context.close()


def _complaint(message):
    # That a file was refused is told by its answer, with the address.
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        yield f"the browser's console: {message.text}"


def _failed(answer):
    if answer.status >= 500:
        yield f"{answer.status} from {answer.url}"


def _elsewhere(request, home):
    address = urlsplit(request.url)
    if address.scheme in ("http", "https", "ws", "wss") and address.netloc != urlsplit(home).netloc:
        yield f"asked another machine for {request.url}"


@contextmanager
def serving(*arguments, cwd, program=None, environment=None):
    """The address of a server process in the folder `cwd`; ended as by Ctrl-C, which must be clean.

    Args:
        arguments: more for `capflow serve`, such as `"--token", "secret"`.
        cwd: its folder; what it says on standard error is kept there, in serve.log.
        program: the command, if it is not `capflow serve --port 0`.
        environment: variables to set.
    """
    with (cwd / "serve.log").open("a+") as log:
        process = subprocess.Popen(
            [*(program or (*CAPFLOW, "serve", "--port", "0")), *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **NOT_COMPILED, "PYTHONPATH": f"{ROOT}{os.pathsep}{cwd}", **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            # Tests that run in the background inherit an ignored Ctrl-C; a person's terminal does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            yield _address(process, log)
            _stop(process, log)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()


def _address(process, log):
    """The address in the first line that the server prints."""
    deadline = time.monotonic() + STARTING
    while not select.select([process.stdout], [], [], 0.1)[0]:
        assert time.monotonic() < deadline, f"no address after {STARTING} s; it said: {_said(log)}"
    line = process.stdout.readline()
    assert "http://" in line, f"no address but {line!r}, status {process.poll()}; it said: {_said(log)}"
    return "http://" + line.split("http://")[1].split()[0].rstrip("/")


def _stop(process, log):
    """Ctrl-C, which a terminal sends to the whole group: the server ends soon, in order, with no traceback."""
    assert process.poll() is None, f"the server ended by itself, status {process.poll()}; it said: {_said(log)}"
    os.killpg(process.pid, signal.SIGINT)
    try:
        status = process.wait(timeout=STOPPING)
    except subprocess.TimeoutExpired:
        pytest.fail(f"the server still runs {STOPPING} s after Ctrl-C; it said: {_said(log)}")
    said = _said(log)
    assert status == 0, f"status {status} after Ctrl-C; it said: {said}"
    assert "Traceback" not in said, said
    assert process.stdout.read() == "", "more than one line on standard output"


def _said(log):
    log.seek(0)
    return log.read() or "nothing"
