"""The file of Redis is cut between two writes, never within one."""

import pytest

from tests.chaos.append_only import end_of_last_write


def command(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]
    return "".join(parts).encode()


WRITTEN = command("HSET", "a:intent", "first", "1")
COUNTED = command("MULTI") + command("HINCRBY", "track", "posts", "1") + command("EXEC")
FIXED = (
    command("MULTI") + command("HSET", "b:intent", "x", "y") + command("DEL", "w") + command("EXEC")
)


@pytest.mark.parametrize("last", [WRITTEN, FIXED])
def test_the_end_is_that_of_the_whole_transaction_that_wrote_the_key(last: bytes) -> None:
    kept = command("SELECT", "0") + FIXED + COUNTED + last
    for rest in (b"", COUNTED, COUNTED + COUNTED[:-3]):
        assert end_of_last_write(kept + rest, b":intent") == len(kept)


def test_a_write_that_was_cut_off_itself_is_none() -> None:
    kept = command("SELECT", "0") + WRITTEN
    assert end_of_last_write(kept + COUNTED + FIXED[:-3], b":intent") == len(kept)


def test_a_key_that_was_never_written_is_told() -> None:
    with pytest.raises(ValueError, match="ever written"):
        end_of_last_write(COUNTED, b":intent")
