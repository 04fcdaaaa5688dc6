"""`capflow serve` as a process: one address, a clean end, and one line for what cannot be."""

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request

import pytest
from support.browser import serving
from support.sampling import sampled
from support.sweeps import CAPFLOW, ROOT


def _environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _serve(*arguments):
    program = [*CAPFLOW, "serve", *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False, env=_environment())


REFUSED = [
    (("--host", "0.0.0.0"), "--host 0.0.0.0: open to others, and so needs a token"),
    (("--token", "short"), "--token: too short; allowed: at least 8 characters"),
    (("--port", "80000"), "--port 80000: out of range; allowed: 0 to 65535"),
    (("--host", "no.such.host.invalid", "--token", "a-long-secret"), "no.such.host.invalid"),
]


@pytest.mark.parametrize(("arguments", "told"), sampled(REFUSED, REFUSED[:1]))
def test_what_cannot_be_served_is_told_in_one_line(arguments, told):
    done = _serve(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = _serve("--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "in use" in done.stderr
    assert done.stderr.count("\n") == 1


def test_it_ends_in_order_when_it_is_terminated(tmp_path):
    process = subprocess.Popen(
        [*CAPFLOW, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=_environment(),
    )
    assert process.stdout.readline().startswith("capflow: http://127.0.0.1:")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert err == "capflow: stopped\n"


@pytest.mark.slow
def test_a_program_is_told_the_address_as_json(tmp_path):
    program = (*CAPFLOW, "serve", "--port", "0", "--json")
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=_environment()) as process:
        url = json.loads(process.stdout.readline())["url"]
        with urllib.request.urlopen(f"{url}about", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.slow
def test_the_token_may_come_from_the_environment_and_opens_a_browser(tmp_path, browser):
    secret = {"CAPFLOW_TOKEN": "a-long-secret"}
    with serving(cwd=tmp_path, environment=secret) as address:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}/api/world", timeout=30)
        assert refused.value.code == 401
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/about")
        page.get_by_label("Token").fill("a-wrong-secret")
        page.get_by_role("button", name="Open").click()
        page.wait_for_selector("text=That is not the token. Try again.")
        page.get_by_label("Token").fill("a-long-secret")
        page.get_by_role("button", name="Open").click()
        page.wait_for_selector("article h2")
        assert page.url == f"{address}/about"
        context.close()
