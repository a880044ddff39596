"""A worker's memory is told with that of the processes that work for it."""

import subprocess
import sys

from benchmarks.worker_memory import resident_mib

LARGE_MIB = 128
STARTS_A_LARGE_ONE = f"""
import subprocess, sys
large = "held = bytearray(b'1') * {LARGE_MIB * 2**20}; print(len(held), flush=True); input()"
subprocess.run([sys.executable, "-c", large])
"""


def test_memory_of_a_worker_has_that_of_its_models_process_in_it() -> None:
    arguments = [sys.executable, "-c", STARTS_A_LARGE_ONE]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        assert resident_mib(worker.pid) > LARGE_MIB
        worker.communicate(b"\n")
