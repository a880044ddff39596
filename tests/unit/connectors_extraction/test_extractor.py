"""A post's media become one window a modality, or a reason."""

import asyncio
import base64
from pathlib import Path

import numpy as np
import pytest

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.extractor import Found, MediaExtractor, MediaOptions, put_together
from connectors.extraction.fetching.destination import OwnHosts
from connectors.extraction.fetching.downloader import MEBIBYTE, FetchLimits
from connectors.extraction.outcome import MediaFeatures
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.media import Media, MediaKind
from tests.unit.connectors_extraction.media_files import film, picture, plain, recording, tone
from tests.unit.connectors_extraction.media_server import HERE, MediaServer, media_server, ok
from tests.unit.connectors_extraction.sounding_films import aac_packets, webm_of_opus, with_aac


def held(kind: MediaKind, data: bytes) -> Media:
    return Media(kind=kind, data=base64.b64encode(data).decode())


PNG = picture(plain((1, 2, 3)))
PICTURE = held("image", PNG)
SOUND = held("audio", recording(tone(220, 0.5)))
BROKEN = MediaError(AbsentReason.DECODER_FAILED, "image")


def rows(steps: int, width: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.full((steps, width), steps, dtype=np.float32)


def visual(found: Found) -> dict[str, Found]:
    return {"visual": found}


def audio(found: Found) -> dict[str, Found]:
    return {"audio": found}


def test_pictures_and_films_follow_one_another_as_steps() -> None:
    film = visual(rows(3, 35)) | audio(MediaError(AbsentReason.NO_SOUND, "film"))
    outcome = put_together([visual(rows(1, 35)), film, visual(BROKEN)])
    assert outcome.features["visual"][:, 0].tolist() == [1, 3, 3, 3]
    assert outcome.absent == {"audio": "no_sound"}


def test_audio_is_of_the_first_recording_or_film_that_gives_it() -> None:
    film = visual(BROKEN) | audio(rows(1, 8))
    outcome = put_together([audio(BROKEN), film, audio(rows(1, 8) * 2)])
    assert outcome.features["audio"].tolist() == rows(1, 8).tolist()
    assert outcome.absent == {"visual": "decoder_failed"}


def test_a_modality_without_media_is_neither_there_nor_absent() -> None:
    outcome = put_together([visual(BROKEN)])
    assert (outcome.features, outcome.absent) == ({}, {"visual": "decoder_failed"})
    assert put_together([]).absent == {}


def test_windows_keep_to_the_feature_set() -> None:
    outcome = put_together([visual(rows(32, 35))] * 5)
    assert len(outcome.features["visual"]) == DEFAULT.max_steps["visual"]


async def test_a_film_gives_pictures_and_sound_and_neither_costs_the_other(tmp_path: Path) -> None:
    seen = film(tmp_path, [plain((9, 9, 9))] * 12, 10, "film.mp4")
    async with MediaExtractor(MediaOptions()) as extractor:
        both = await extractor.features([held("video", with_aac(seen, aac_packets()))])
        unheard = await extractor.features([held("video", with_aac(seen, [b"\xff" * 90] * 9))])
        silent = await extractor.features([held("video", seen)])
        unseen = await extractor.features([held("video", webm_of_opus(0.5))])
    assert {name: each.shape for name, each in both.features.items()} == {
        "audio": (1, 8),
        "visual": (2, 35),
    }
    assert (set(unheard.features), unheard.absent) == ({"visual"}, {"audio": "decoder_failed"})
    assert (set(silent.features), silent.absent) == ({"visual"}, {"audio": "no_sound"})
    assert (set(unseen.features), unseen.absent) == ({"audio"}, {"visual": "decoder_failed"})


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


async def test_many_media_are_asked_for_and_no_more_held_than_allowed() -> None:
    async with media_server() as server:
        large = 8 * MEBIBYTE  # more than lies between the two: it is sent while it is read
        server.answers["/a"] = ok(bytes(large), Content_Length=str(2 * large))
        server.held.add("/a")
        server.answers["/b"] = ok(b"no picture")
        fetch = FetchLimits(own=OwnHosts.parse(f"{HERE}:{server.port}"))
        a, b, c = ([Media(kind="image", url=server.url(path, HERE))] for path in ("/a", "/b", "/c"))
        async with MediaExtractor(MediaOptions(fetch=fetch, held=1)) as extractor:
            first = asyncio.create_task(extractor.features(a))
            await until_sent(server, "/a")
            second = asyncio.create_task(extractor.features(b))
            await until_sent(server, "/b")
            assert (await extractor.features(c)).absent == {"visual": "refused"}
            assert not second.done()
            server.leave.set()
            assert (await first).absent == {"visual": "unreachable"}
            assert (await second).absent == {"visual": "unsupported_format"}


async def until_sent(server: MediaServer, path: str) -> None:
    async with asyncio.timeout(30):
        while path not in server.sent:
            await asyncio.sleep(0.01)
