"""Whose temporary folders may be removed: those of processes that have ended."""

import os
import subprocess
import sys
import time

import pytest

from sim.runs.folders import process_alive


@pytest.fixture
def process():
    """A process that waits to be killed, and whose exit status nobody asks for during a test."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield started
    started.kill()
    started.wait()


def test_a_running_process_is_alive(process):
    assert process_alive(process.pid)
    assert process_alive(os.getpid())


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="the system has no /proc")
def test_a_killed_process_is_not_alive_before_its_parent_asks_for_its_status(process):
    process.kill()
    for _ in range(200):
        if not process_alive(process.pid):
            break
        time.sleep(0.05)
    assert not process_alive(process.pid)
    assert process.poll() is not None


def test_a_process_whose_status_was_asked_for_is_not_alive(process):
    process.kill()
    process.wait()
    assert not process_alive(process.pid)
