"""Gzip of parts that were compressed before."""

import gzip

from hypothesis import given
from hypothesis import strategies as st

from connectors.gzip_parts import Part, joined_gzip


@given(st.lists(st.binary(max_size=2000), max_size=8))
def test_parts_come_out_as_they_went_in(pieces: list[bytes]) -> None:
    parts = [Part(piece) for piece in pieces]
    assert gzip.decompress(joined_gzip(parts)) == b"".join(pieces)
    assert gzip.decompress(joined_gzip(parts[::-1])) == b"".join(pieces[::-1])


def test_what_repeats_takes_less() -> None:
    part = Part(b'{"posts":12}' * 500)
    assert len(joined_gzip([part, part])) * 10 < 2 * len(part.plain)
