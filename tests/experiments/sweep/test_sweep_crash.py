"""Sweeps that are really interrupted: killed, terminated, out of disk, with dead workers and dead clusters."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.sampling import sampled
from support.sweeps import CHUNKS, command, content, done, kill, log, outcome_files, started, until, write_design

import sim
from sim.experiments.sweep import Sweep
from sim.runs.folders import process_alive

INTERRUPTIONS = [(signal.SIGINT, 130, 1), (signal.SIGINT, 130, 2), (signal.SIGTERM, 143, 2)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("crashes")


@pytest.fixture(scope="module")
def design(home):
    return write_design(home / "rates.toml")


@pytest.fixture(scope="module")
def undisturbed(home, design):
    """What every sweep must leave in the end: the content of one that nothing disturbed."""
    return content(sim.sweep(design, home / "undisturbed", workers=1).path)


def gone_on(design, out, undisturbed):
    """Give the same call again; nothing that was there is run again, and the bytes are right."""
    there = {int(name[:6]) for name in outcome_files(out)}
    lines = len(log(out))
    sim.sweep(design, out, workers=1)
    again = [line["chunk"] for line in log(out)[lines:] if line["state"] == "started"]
    assert sorted(again) == sorted(set(range(CHUNKS)) - there)
    assert content(out) == undisturbed
    assert not [path for path in out.rglob(".*") if not path.name.startswith(".lock")]


@pytest.mark.parametrize(
    ("chunks", "whole_group", "workers"), sampled([(0, True, 1), (2, False, 2), (5, True, 2)], [(2, False, 2)])
)
def test_killed_at_any_moment_it_goes_on(chunks, whole_group, workers, design, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--workers", workers, cwd=tmp_path)
    until(lambda: started(out) and len(outcome_files(out)) >= chunks, process)
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert not (out / "manifest.json").exists()
    # Workers of a killed process end by themselves.
    until(lambda: not [pid for pid in workers_of(out) if process_alive(pid)])
    gone_on(design, out, undisturbed)


def workers_of(out):
    return {int(line["worker"].rpartition(":")[2]) for line in log(out)}


@pytest.mark.slow
def test_killed_while_planning_it_starts_afresh(design, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--workers", 1, cwd=tmp_path)
    until(lambda: list(tmp_path.glob(".out.partial-*")) or out.exists(), process)
    process.kill()
    process.communicate(timeout=30)
    sim.sweep(design, out, workers=1)
    assert content(out) == undisturbed
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(("number", "status", "workers"), sampled(INTERRUPTIONS, []))
def test_interrupted_it_stops_soon_and_goes_on(number, status, workers, design, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--workers", workers, cwd=tmp_path)
    until(lambda: len(outcome_files(out)) >= 2, process)
    # A terminal sends Ctrl-C to all processes; `kill` and schedulers may end the first alone.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert "Traceback" not in err
    word = "interrupted" if number == signal.SIGINT else "terminated"
    assert err.strip().splitlines()[-1] == f"capflow: {word}; finished chunks are kept; repeat the command to resume"
    assert not [pid for pid in workers_of(out) if process_alive(pid)]
    assert 2 <= len(outcome_files(out)) < CHUNKS, "it stops before the work is done, and keeps what is"
    gone_on(design, out, undisturbed)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced(design, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--workers", 2, cwd=tmp_path)
    last = until(lambda: log(out) and len(outcome_files(out)) >= 1 and at_work(out), process)
    kill(int(last["worker"].rpartition(":")[2]))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert f"the worker of chunk {last['chunk']} died; the chunk is run once more" in err
    assert [line["chunk"] for line in log(out, "again")] == [last["chunk"]]
    assert content(out) == undisturbed
    assert sorted(started(out)) == sorted([*range(CHUNKS), last["chunk"]])


def at_work(out):
    """The newest line of a chunk that was started and is not done."""
    lines = log(out)
    ended = {line["chunk"] for line in lines if line["state"] != "started"}
    return next((line for line in reversed(lines) if line["chunk"] not in ended), None)


KILLS = """
import os, signal
import numpy as np

def payout(economy, parameters):
    if float(parameters.environment.terminal_rate) > 0.05:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.zeros(economy.redeployment.share.shape[0])
"""


@pytest.mark.slow
def test_a_chunk_that_kills_its_worker_twice_is_given_up(tmp_path):
    (tmp_path / "kills.py").write_text(KILLS)
    design = write_design(tmp_path / "rates.toml", chunk=4)
    decided = ("--set", "decisions.payout=kills:payout")
    out = tmp_path / "out"
    _, err = done("sweep", design, "--no-report", "--out", out, "--workers", 2, *decided, cwd=tmp_path, status=1)
    assert err.strip().splitlines()[-1].startswith("capflow: 1 chunk of 4 failed, the first is 3: its worker died")
    assert [line["chunk"] for line in log(out, "failed")] == [3]
    assert started(out).count(3) == 2
    assert Sweep.open(out).done == 3
    assert not Sweep.open(out).complete
    # The same command tries again; with a rule that does no harm, it comes to an end.
    (tmp_path / "kills.py").write_text(KILLS.replace("> 0.05", "> 5"))
    lines = len(log(out))
    done("sweep", design, "--no-report", "--out", out, "--workers", 2, *decided, cwd=tmp_path)
    assert [line["chunk"] for line in log(out)[lines:] if line["state"] == "started"] == [3]
    assert Sweep.open(out).complete


@pytest.mark.slow
def test_another_call_on_the_same_folder_is_refused(design, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--workers", 1, cwd=tmp_path)
    until(lambda: len(outcome_files(out)) >= 1, process)
    os.kill(process.pid, signal.SIGSTOP)  # so that it is still at it however slow this machine is
    try:
        _, err = done("sweep", design, "--no-report", "--out", out, "--workers", 1, cwd=tmp_path, status=2)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert len(err.strip().splitlines()) == 1
    assert f"process {process.pid} on" in err
    assert process.communicate(timeout=60)
    assert process.returncode == 0
    assert content(out) == undisturbed


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a file system can be mounted by root on Linux only")
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("workers", [2])
def test_a_full_disk_is_one_line_and_the_sweep_goes_on_once_there_is_room(
    workers, design, undisturbed, small_disk, tmp_path
):
    out = small_disk / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--workers", workers, cwd=tmp_path)
    until(lambda: len(outcome_files(out)) >= 1, process)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    last = err.strip().splitlines()[-1]
    assert "No space left on device" in last
    assert str(out) in last
    assert "Traceback" not in err
    assert not (out / "manifest.json").exists()
    filler.unlink()
    gone_on(design, out, undisturbed)


@pytest.mark.slow
def test_a_disk_that_cannot_hold_the_sweep_is_refused_first(design, small_disk, tmp_path):
    with (small_disk / "filler").open("wb") as file:
        file.write(bytes(1_850_000))
    _, err = done("sweep", design, "--out", small_disk / "out", "--workers", 1, cwd=tmp_path, status=2)
    assert "16 runs need about" in err.strip().splitlines()[-1]
    assert outcome_files(small_disk / "out") == []


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler and two workers with one thread each, as processes on this machine: address, workers."""
    pytest.importorskip("distributed")
    where = tmp_path / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": str(Path(sim.__file__).parents[1])}

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    local = ("--host", "127.0.0.1", "--no-dashboard")
    processes = [start("distributed.cli.dask_scheduler", *local, "--port", 0, "--scheduler-file", where)]
    try:
        until(lambda: where.exists() and where.read_text().strip().endswith("}"), processes[0])
        address = json.loads(where.read_text())["address"]
        for _ in range(2):
            options = ("--nthreads", 1, "--no-nanny", "--local-directory", tmp_path / "dask")
            processes.append(start("distributed.cli.dask_worker", address, *local, *options))
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for_workers(address, count):
    from distributed import Client

    with Client(address, timeout=30, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_a_cluster_whose_worker_is_killed_writes_the_same_bytes(cluster, design, undisturbed, tmp_path):
    address, (_, *workers) = cluster
    wait_for_workers(address, 2)
    out = tmp_path / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--scheduler", address, cwd=tmp_path)
    pids = {worker.pid for worker in workers}
    last = until(lambda: len(outcome_files(out)) >= 1 and at_work(out), process)
    victim = int(last["worker"].rpartition(":")[2])
    assert victim in pids
    kill(victim)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert content(out) == undisturbed
    assert {int(line["worker"].rpartition(":")[2]) for line in log(out, "done")} <= pids
    # What the dead worker had begun was begun once more, by the other; nothing was finished twice.
    assert set(started(out)) == set(range(CHUNKS))
    finished = [line["chunk"] for line in log(out, "done")]
    assert len(finished) == len(set(finished)) >= CHUNKS - 1


@pytest.mark.slow
def test_a_cluster_whose_scheduler_is_killed_ends_in_one_line(cluster, design, undisturbed, tmp_path):
    address, (scheduler, *_) = cluster
    wait_for_workers(address, 1)
    out = tmp_path / "out"
    process = command("sweep", design, "--no-report", "--out", out, "--scheduler", address, cwd=tmp_path)
    until(lambda: len(outcome_files(out)) >= 1, process)
    scheduler.kill()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert err.strip().splitlines()[-1] == f"capflow: the Dask scheduler at {address} is gone"
    assert "Traceback" not in err
    # Its workers may still be writing what they had begun.
    until(lambda: not at_work(out) or not any(process_alive(pid) for pid in workers_of(out)))
    sim.sweep(design, out, workers=1)
    assert content(out) == undisturbed
