"""What lasts is no longer walked; what comes and goes later is still collected."""

import subprocess
import sys

PROGRAM = """
import gc, weakref
from connectors.collector import spare_what_lasts

class Node:
    pass

lasting = [Node() for _ in range(10_000)]
spare_what_lasts()
walked = len(gc.get_objects())
later = Node()
later.itself = later
gone = weakref.ref(later)
del later
gc.collect()
print(gc.get_freeze_count() > 10_000, walked < 1_000, gone() is None)
"""


def test_only_what_came_later_is_walked_and_collected() -> None:
    """In a process of its own, since what is spared there stays for ever."""
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["True"] * 3
