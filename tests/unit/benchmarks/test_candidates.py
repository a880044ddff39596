"""Threads of engines are kept on cores of their own, and let go again."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.candidates import threads_kept_on_cores
from stream_app.affinity import allowed_cores

pytestmark = pytest.mark.skipif(
    len(allowed_cores()) < 2, reason="threads can be kept on no two cores here"
)


def cores_of_this_thread() -> set[int]:
    return os.sched_getaffinity(threading.get_native_id())


def test_an_engines_threads_have_a_core_each_and_all_of_them_again() -> None:
    before = cores_of_this_thread()
    both = threading.Barrier(2, timeout=10)

    def cores() -> set[int]:
        both.wait()
        return cores_of_this_thread()

    with ThreadPoolExecutor(2, "engine") as pool:
        [each.result() for each in [pool.submit(cores), pool.submit(cores)]]
        with threads_kept_on_cores():
            assert cores_of_this_thread() == {min(before)}
            kept = [each.result() for each in [pool.submit(cores), pool.submit(cores)]]
        assert sorted(map(len, kept)) == [1, 1]
        assert len(set.union(*kept)) == 2
        free = [each.result() for each in [pool.submit(cores), pool.submit(cores)]]
    assert free == [before, before]
    assert cores_of_this_thread() == before
