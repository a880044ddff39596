"""A post's media become one window a modality, or a reason."""

import asyncio
import base64

import numpy as np
import pytest

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.extractor import MediaExtractor, MediaOptions, put_together
from connectors.extraction.fetching.destination import OwnHosts
from connectors.extraction.fetching.downloader import FetchLimits
from connectors.extraction.outcome import MediaFeatures
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.media import Media, MediaKind
from tests.unit.connectors_extraction.media_files import picture, plain, recording, tone
from tests.unit.connectors_extraction.media_server import HERE, media_server, ok


def held(kind: MediaKind, data: bytes) -> Media:
    return Media(kind=kind, data=base64.b64encode(data).decode())


PICTURE = held("image", picture(plain((1, 2, 3))))
SOUND = held("audio", recording(tone(220, 0.5)))
FILM = held("video", b"\0\0\0\x20ftypisom")
BROKEN = MediaError(AbsentReason.DECODER_FAILED, "image")


def rows(steps: int, width: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.full((steps, width), steps, dtype=np.float32)


def test_pictures_and_films_follow_one_another_as_steps() -> None:
    outcome = put_together([PICTURE, FILM, PICTURE], [rows(1, 35), rows(3, 35), BROKEN])
    assert outcome.features["visual"][:, 0].tolist() == [1, 3, 3, 3]
    assert outcome.absent == {"audio": "sound_of_video"}


def test_audio_is_of_the_first_recording_that_gives_it() -> None:
    outcome = put_together([SOUND, SOUND, SOUND], [BROKEN, rows(1, 8), rows(1, 8) * 2])
    assert outcome.features["audio"].tolist() == rows(1, 8).tolist()
    assert outcome.absent == {}


def test_a_modality_without_media_is_neither_there_nor_absent() -> None:
    outcome = put_together([PICTURE], [BROKEN])
    assert (outcome.features, outcome.absent) == ({}, {"visual": "decoder_failed"})
    assert put_together([], []).absent == {}


def test_windows_keep_to_the_feature_set() -> None:
    outcome = put_together([FILM] * 5, [rows(32, 35)] * 5)
    assert len(outcome.features["visual"]) == DEFAULT.max_steps["visual"]


async def test_bytes_in_a_post_need_no_network() -> None:
    async with MediaExtractor(MediaOptions()) as extractor:
        makes: MediaFeatures = extractor
        outcome = await makes.features([PICTURE, SOUND])
    assert {name: each.shape for name, each in outcome.features.items()} == {
        "audio": (1, 8),
        "visual": (1, 35),
    }
    assert outcome.absent == {}


@pytest.mark.parametrize(
    ("media", "absent"),
    [
        (held("image", b"GIF is not it"), {"visual": "unsupported_format"}),
        (held("audio", picture(plain((1, 2, 3)))), {"audio": "wrong_type"}),
        (Media(kind="image", url="https://example.org/a.png"), {"visual": "fetching_off"}),
    ],
)
async def test_what_is_not_decoded_begins_no_process(media: Media, absent: dict[str, str]) -> None:
    async with MediaExtractor(MediaOptions()) as extractor:
        outcome = await extractor.features([media])
    assert (outcome.features, outcome.absent) == ({}, absent)


async def test_a_picture_is_fetched_decoded_and_measured() -> None:
    async with media_server() as server:
        server.answers["/a.png"] = ok(picture(plain((1, 2, 3))))
        own = OwnHosts.parse(f"{HERE}:{server.port}")
        found = Media(kind="image", url=server.url("/a.png", HERE))
        lost = Media(kind="image", url=server.url("/b.png", HERE))
        async with MediaExtractor(MediaOptions(fetch=FetchLimits(own=own))) as extractor:
            outcome = await extractor.features([lost, found])
            gone = await extractor.features([lost])
    assert outcome.features["visual"].shape == (1, 35)
    assert gone.absent == {"visual": "refused"}


async def test_no_more_media_are_held_than_allowed() -> None:
    async with media_server() as server:
        server.answers |= {f"/{number}": b"HTTP/1.1 200 OK\r\n" for number in range(4)}
        server.held |= set(server.answers)
        fetch = FetchLimits(own=OwnHosts.parse(f"{HERE}:{server.port}"))
        media = [Media(kind="image", url=server.url(f"/{number}", HERE)) for number in range(4)]
        async with MediaExtractor(MediaOptions(fetch=fetch, held=2)) as extractor:
            making = asyncio.create_task(extractor.features(media))
            async with asyncio.timeout(30):
                while len(server.requests) < 2:
                    await asyncio.sleep(0.01)
            for _ in range(100):  # turns of the loop, in which others would come
                await asyncio.sleep(0)
            assert len(server.requests) == 2
            server.leave.set()
            assert (await making).absent == {"visual": "unreachable"}
