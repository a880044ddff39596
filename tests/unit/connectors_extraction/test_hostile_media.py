"""Whatever the bytes, a decoder gives finite features or a reason, and raises nothing else."""

from contextlib import suppress
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.extraction.decoding.measuring import measured
from connectors.extraction.errors import MediaError
from connectors.extraction.signatures import require_content_type, require_kind
from tests.unit.connectors_extraction.media_files import picture, recording, tone

Kind = Literal["audio", "image"]

_NOISE = np.random.default_rng(1)
_PIXELS = _NOISE.integers(0, 256, (24, 24, 3), dtype=np.uint8)
MEDIA: list[tuple[Kind, bytes]] = [
    *(("image", picture(_PIXELS, form)) for form in ("PNG", "JPEG", "WEBP", "AVIF", "GIF")),
    *(("audio", recording(tone(220, 0.2), form)) for form in ("WAV", "FLAC", "OGG", "OPUS", "MP3")),
]


def measure(kind: Kind, data: bytes) -> None:
    try:
        found = measured(kind, data)
    except MediaError:
        return
    assert np.isfinite(found).all()


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_damaged_media_give_features_or_a_reason(data: st.DataObject) -> None:
    kind, whole = data.draw(st.sampled_from(MEDIA))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    # headers are where the lies that hurt are
    places = st.integers(0, min(len(damaged), 120) - 1) if damaged else st.nothing()
    for place in data.draw(st.lists(places, max_size=8)) if damaged else []:
        damaged[place] = data.draw(st.integers(0, 255))
    measure(kind, bytes(damaged))


def test_an_avif_whose_item_is_missing_gives_a_reason() -> None:
    """Its library tells of that in another way than the others."""
    damaged = bytearray(picture(_PIXELS, "AVIF"))
    place = damaged.index(b"iloc") + 4
    damaged[place : place + 20] = bytes(20)
    with pytest.raises(MediaError, match="Missing or empty image item"):
        measured("image", bytes(damaged))


@given(st.sampled_from(MEDIA), st.binary(max_size=300), st.integers(0, 16))
@settings(deadline=None, max_examples=150)
def test_random_bytes_behind_a_signature_give_features_or_a_reason(
    medium: tuple[Kind, bytes], tail: bytes, kept: int
) -> None:
    kind, whole = medium
    measure(kind, whole[:kept] + tail)


@pytest.mark.parametrize(("kind", "data"), MEDIA)
def test_a_truncated_medium_gives_features_or_a_reason(kind: Kind, data: bytes) -> None:
    for cut in np.linspace(0, len(data), 40).astype(int):
        measure(kind, data[:cut])


@given(st.binary(max_size=80), st.sampled_from(["audio", "image", "video"]), st.text(max_size=40))
def test_a_signature_is_judged_whatever_it_is(
    data: bytes, kind: Literal["audio", "image", "video"], said: str
) -> None:
    with suppress(MediaError):
        require_kind(kind, data)
    with suppress(MediaError):
        require_content_type(kind, said)


def test_a_recording_that_announces_hours_is_read_for_a_minute_at_most() -> None:
    header = bytearray(recording(tone(220, 0.5)))
    header[40:44] = (2**31 - 1).to_bytes(4, "little")
    assert measured("audio", bytes(header))[0, 0] == pytest.approx(0.5)
