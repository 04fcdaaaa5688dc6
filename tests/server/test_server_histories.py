"""Histories by address: computed once, bounded, and never stuck on an error."""

import threading

import pytest

from sim.server.histories import SharedCache


def test_everyone_who_asks_at_once_waits_for_one_computation():
    made, started, go = [], threading.Event(), threading.Event()

    def make(key):
        made.append(key)
        started.set()
        go.wait(10)
        return key * 2

    cache, found = SharedCache(4, make), []
    asking = [threading.Thread(target=lambda: found.append(cache.get(21))) for _ in range(8)]
    for thread in asking:
        thread.start()
    started.wait(10)
    go.set()
    for thread in asking:
        thread.join(10)
    assert found == [42] * 8
    assert made == [21]


def test_the_longest_unused_answer_goes_first():
    made = []
    cache = SharedCache(2, lambda key: made.append(key) or key)
    for key in (1, 2, 1, 3, 1, 2):
        cache.get(key)
    assert made == [1, 2, 3, 2]
    assert len(cache) == 2


def test_an_error_is_raised_and_not_kept():
    answers = iter([ValueError("not now"), "now"])

    def make(key):
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    cache = SharedCache(2, make)
    with pytest.raises(ValueError, match="not now"):
        cache.get("x")
    assert cache.get("x") == "now"


def test_many_threads_and_keys_give_everyone_their_own_answer():
    cache, wrong = SharedCache(3, lambda key: key + 1), []

    def ask(start):
        questions = [(start * key) % 11 for key in range(200)]
        wrong.extend(question for question in questions if cache.get(question) != question + 1)

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(cache) == 3
