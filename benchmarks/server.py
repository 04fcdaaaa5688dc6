"""The server under load: many who turn levers at once, memory over thousands of requests, one browser.

    python benchmarks/server.py [--clients 50] [--seconds 60] [--think 5] [--requests 5000] [--browser]

Every client waits `think` seconds between two turns, on average; every turn asks for a history that nobody has
asked for before, as the live page does when a lever moves. Figures of one machine, one call.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parent.parent
READY, PATIENCE = 0.3, 180.0
"""Seconds within which a history comes once the compiled program is there, and seconds to wait for that."""
CHANGED = "before => document.querySelector('#card-interest').innerText !== before"


def main():
    """Start a server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=5.0)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--browser", action="store_true")
    told = parser.parse_args()
    began = time.perf_counter()
    command = [sys.executable, "-c", "from sim.cli import main; main()", "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    try:
        address = re.search(r"http://\S+?(?=/?$)", server.stdout.readline().decode().strip()).group()
        print(f"address printed after {time.perf_counter() - began:.1f} s")
        print(f"compiled histories after {_wait(address, began):.1f} s, {_memory(server.pid):.0f} MB")
        if told.browser:
            _browser(address)
        _load(address, told.clients, told.seconds, told.think)
        _long(address, server.pid, told.requests)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _world(address, draw):
    levers = {"terminal_rate": f"{draw.uniform(0, 0.1):.5f}", "payout_ratio": f"{draw.random():.4f}"}
    began = time.perf_counter()
    with urllib.request.urlopen(f"{address}/api/world?{urlencode(levers)}", timeout=60) as answer:
        answer.read()
    return time.perf_counter() - began


def _wait(address, began):
    """Seconds until three histories in a row come at once."""
    draw, quick = random.Random(0), 0
    while quick < 3 and time.perf_counter() - began < PATIENCE:
        quick = quick + 1 if _world(address, draw) < READY else 0
    return time.perf_counter() - began


def _memory(process):
    """Resident memory of a process, MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1e3


def _load(address, clients, seconds, think):
    """Many who turn levers at once."""
    times, errors, end = [], [], time.perf_counter() + seconds

    def client(number):
        draw = random.Random(number)
        time.sleep(draw.random() * think)
        while time.perf_counter() < end:
            try:
                times.append(_world(address, draw))
            except (OSError, urllib.error.HTTPError) as error:
                errors.append(str(error))
            time.sleep(draw.uniform(0.5, 1.5) * think)

    threads = [threading.Thread(target=client, args=(1000 + number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    print(
        f"{clients} clients, a lever each {think:g} s: {len(times)} histories, {len(errors)} errors, median "
        f"{statistics.median(times):.2f} s, 95 percent within {times[int(0.95 * len(times))]:.2f} s, all within "
        f"{times[-1]:.2f} s"
    )


def _long(address, process, requests):
    """Memory over many requests: one in ten a new history, the others pages, data and histories that are kept."""
    draw = random.Random(7)
    others = ("/", "/_dash-layout", "/api/world", "/api/agent?agent=issuers/Tether", "/api/series.csv", "/about")
    for count in range(requests + 1):
        if count % max(requests // 5, 1) == 0:
            print(f"after {count:,} requests {_memory(process):.0f} MB")
        if count % 10 == 0:
            _world(address, draw)
        else:
            with urllib.request.urlopen(address + others[count % len(others)], timeout=60) as answer:
                answer.read()


def _browser(address):
    """Seconds from a lever's move to the new numbers on the screen, and from an address to a page."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("#cards .card")
        print(f"first page {time.perf_counter() - began:.1f} s")
        page.locator("""[id='{"lever":"terminal_rate","part":"slider"}'] [role=slider]""").focus()
        page.wait_for_timeout(2000)
        times = []
        for _ in range(6):
            before = page.inner_text("#card-interest")
            began = time.perf_counter()
            page.keyboard.press("ArrowLeft")
            page.wait_for_function(CHANGED, arg=before, polling=10)
            times.append(time.perf_counter() - began)
        print(f"a lever on the screen after {json.dumps([round(one, 2) for one in times])} s")
        browser.close()


if __name__ == "__main__":
    main()
