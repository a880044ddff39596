"""Memory of two processes: what one writes the other sees, however long it is."""

import os

import numpy as np
import pytest

from stream_app.inference.block import SharedBlock


def test_what_one_end_writes_the_other_sees_though_the_block_had_to_grow() -> None:
    ours = SharedBlock.make(16)
    theirs = ours.again()
    ours.room(5)[:] = b"short"
    assert bytes(theirs.look()[:5]) == b"short"
    long = bytes(range(256)) * 64
    theirs.room(len(long))[:] = long
    assert bytes(ours.look()[: len(long)]) == long
    ours.close()
    theirs.close()


def test_a_block_that_grew_holds_no_more_memory_than_the_longest_that_stood_in_it() -> None:
    block = SharedBlock.make(16)
    for mebibytes in (2, 4, 6):
        block.room(mebibytes << 20)[:] = bytes(mebibytes << 20)
    block.room(4)[:] = b"less"
    file = os.fstat(block.descriptor)
    assert file.st_blocks * 512 <= 6 << 20 < file.st_size
    block.close()


def test_an_array_outlives_the_growth_of_its_block_and_the_block() -> None:
    block = SharedBlock.make(16)
    block.room(4)[:] = b"kept"
    array = np.frombuffer(block.look(), np.uint8, 4)
    block.room(1 << 20)
    block.close()
    assert array.tobytes() == b"kept"


def test_a_block_without_memory_says_so() -> None:
    block = SharedBlock.make(16)
    with pytest.raises(OSError, match=r"."):
        block.room(1 << 62)
    block.close()
