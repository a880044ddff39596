"""Who used the processor, and how much: workers by their parts, and servers started here.

Other work on the machine hardly changes it, unlike rates. Not for time that passes.
"""

from collections.abc import Mapping, Sequence

import psutil

from stream_app.trial.worker_process import WorkerProcess

EVENT_LOOP = "event loops"
OTHER_THREADS = "other threads"
PROCESSES = "models or decoders"
SERVERS = {"java": "Kafka", "valkey-server": "Valkey"}


def processor_seconds(workers: Sequence[WorkerProcess]) -> dict[str, float]:
    """Seconds of a core used so far.

    Args:
        workers: of a run; one that has just ended counts as nothing.

    Returns:
        Whose -> seconds: the workers' event loops, their other threads, the processes of their
        models, and each server that is a child of this process.
    """
    found = dict.fromkeys((EVENT_LOOP, OTHER_THREADS, PROCESSES), 0.0)
    for worker in workers:
        if worker.pid is None:
            continue
        process = psutil.Process(worker.pid)
        for thread in process.threads():
            whose = EVENT_LOOP if thread.id == worker.pid else OTHER_THREADS
            found[whose] += thread.user_time + thread.system_time
        found[PROCESSES] += sum(map(_seconds, process.children()))
    for child in psutil.Process().children():
        if server := SERVERS.get(child.name()):
            found[server] = _seconds(child)
    return found


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def milliseconds_each(
    first: Mapping[str, float], last: Mapping[str, float], posts: int
) -> dict[str, float]:
    """What was used between two looks, milliseconds of a core for each of so many posts."""
    return {
        whose: round(1000 * (seconds - first.get(whose, 0.0)) / posts, 3)
        for whose, seconds in last.items()
    }
