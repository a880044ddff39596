"""Spares Python's garbage collector what lives as long as the process.

A full collection walks every object and stops all threads meanwhile: with a model and its libraries
loaded a fifth of a second, again and again while the memory of a process fills.
"""

import gc


def spare_what_lasts() -> None:
    """Leave all that is alive now out of every later collection; call it once all is loaded.

    What is made later is collected as ever. What is alive now and becomes part of a cycle stays.
    """
    gc.collect()  # what is spared is to be of use
    gc.freeze()
