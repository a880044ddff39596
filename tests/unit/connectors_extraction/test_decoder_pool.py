"""Whatever happens to a decoder's process, the next medium finds one that works."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np
import psutil
import pytest

from connectors.extraction.decoding.decoder import Decoder, DecoderLimits, environment
from connectors.extraction.decoding.pool import DecoderPool
from connectors.extraction.decoding.protocol import (
    Decoding,
    answer,
    answered,
    request,
    requested,
)
from connectors.extraction.errors import AbsentReason, MediaError
from tests.unit.connectors_extraction.media_files import film, picture, plain, recording, tone
from tests.unit.connectors_extraction.sounding_films import aac_packets, webm_of_opus, with_aac

PNG = picture(plain((1, 2, 3)))

# Speaks the protocol without the libraries; does what the first byte of a medium says
STAND_IN = """
import os, struct, sys, time
sys.stdout.buffer.write(b"ready\\n"); sys.stdout.buffer.flush()
while header := sys.stdin.buffer.read(9):
    data = sys.stdin.buffer.read(struct.unpack(">BQ", header)[1])
    if data[:1] == b"c": os.abort()
    if data[:1] == b"h": time.sleep(600)
    said = b"nonsense" if data[:1] == b"n" else b'{"rows": [[%d]]}' % os.getpid()
    size = 10**12 if data[:1] == b"l" else len(said)
    sys.stdout.buffer.write(struct.pack(">Q", size) + said); sys.stdout.buffer.flush()
"""

# Tells how many threads a picture, read from standard input, begins
THREADS = """
import io, os, sys
from PIL import Image
from connectors.extraction.decoding.process import keep_to_one_core
keep_to_one_core()
before = len(os.listdir("/proc/self/task"))
with Image.open(io.BytesIO(sys.stdin.buffer.read())) as shown:
    shown.load()
    print(len(os.listdir("/proc/self/task")) - before)
"""


def pool(**limits: float) -> DecoderPool:
    bounds = DecoderLimits(
        processes=int(limits.get("processes", 1)),
        longest_s=limits.get("longest_s", 30.0),
        renewed_after=int(limits.get("renewed_after", 500)),
    )
    return DecoderPool(bounds, (sys.executable, "-I", "-c", STAND_IN))


async def process_of(decoders: DecoderPool) -> int:
    return int((await decoders.decode("image", b"fine"))[0, 0])


@pytest.mark.parametrize("trouble", [b"crash", b"hang", b"long"])
async def test_a_medium_that_breaks_its_decoder_costs_only_itself(trouble: bytes) -> None:
    async with pool(longest_s=0.5 if trouble == b"hang" else 30.0) as decoders:
        first = await process_of(decoders)
        assert await process_of(decoders) == first
        with pytest.raises(MediaError) as failed:
            await decoders.decode("video", trouble)
        assert failed.value.reason == AbsentReason.DECODER_FAILED
        assert not psutil.pid_exists(first)
        assert await process_of(decoders) != first


async def test_an_answer_of_no_sense_is_a_failure() -> None:
    async with pool() as decoders:
        with pytest.raises(MediaError, match="broken"):
            await decoders.decode("image", b"nonsense")


async def test_a_cancelled_medium_ends_its_decoder() -> None:
    async with pool() as decoders:
        first = await process_of(decoders)
        hanging = asyncio.create_task(decoders.decode("image", b"hang"))
        await asyncio.sleep(0)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert await process_of(decoders) != first


async def test_a_medium_that_is_cancelled_twice_leaves_its_place_to_the_next() -> None:
    async with pool() as decoders:
        first = await process_of(decoders)
        hanging = asyncio.create_task(decoders.decode("image", b"hang"))
        for _ in range(2):  # the second comes while its process is waited for
            await asyncio.sleep(0)
            hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert await asyncio.wait_for(process_of(decoders), 30) != first


async def test_decoders_are_renewed_and_ended_with_the_pool() -> None:
    async with pool(renewed_after=2) as decoders:
        processes = [await process_of(decoders) for _ in range(5)]
    assert processes[0] == processes[1] != processes[2] == processes[3] != processes[4]
    assert not any(map(psutil.pid_exists, processes))


async def test_several_media_are_decoded_at_once() -> None:
    async with pool(processes=2) as decoders:
        processes = await asyncio.gather(*(process_of(decoders) for _ in range(2)))
        assert len(set(processes)) == 2


async def test_a_decoder_that_does_not_start_says_how_to_see_why() -> None:
    with pytest.raises(OSError, match=r"does not start; see why: .*true 2048 25"):
        await Decoder.begin(("true",), DecoderLimits())


def test_a_decoder_gets_nothing_of_the_environment_that_could_be_secret() -> None:
    own = {"PATH": "/bin", "VOXPOP_KAFKA_SASL_PASSWORD": "secret", "HOME": "/root"}
    assert {"PATH"} == set(own) & set(environment(own))


def test_the_protocol_carries_features_and_reasons() -> None:
    assert requested(request("video", bytes(7))) == ("video", 7)
    rows = np.array([[1.5, -2]], dtype=np.float32)
    assert (answered(answer(rows)[8:]) == rows).all()
    with pytest.raises(MediaError, match="silent: no sound"):
        answered(answer(MediaError(AbsentReason.SILENT, "no sound"))[8:])


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"rows": []}', b'{"rows": [[null]]}'])
def test_an_answer_that_is_none_is_a_failure(body: bytes) -> None:
    with pytest.raises(MediaError) as failed:
        answered(body)
    assert failed.value.reason == AbsentReason.DECODER_FAILED


async def test_the_real_decoder_measures_and_survives_broken_media(tmp_path: Path) -> None:
    seen = film(tmp_path, [plain((9, 9, 9))] * 20, 10, "film.mp4")
    shown, heard = with_aac(seen, aac_packets()), webm_of_opus(0.5)
    broken = np.random.default_rng(1)
    films: list[tuple[Decoding, bytes]] = [
        ("video", shown),
        ("sound_of_video", shown),
        ("sound_of_video", heard),
    ]
    async with DecoderPool(DecoderLimits()) as decoders:
        assert (await decoders.decode("image", PNG)).shape == (1, 35)
        assert (await decoders.decode("audio", recording(tone(220, 1.0)))).shape == (1, 8)
        assert (await decoders.decode("video", shown)).shape == (2, 35)
        for cut, (decoding, whole) in product(range(40), films):
            data = bytearray(whole)
            for place in broken.integers(0, len(data), cut):
                data[place] ^= 0x55
            with suppress(MediaError):
                assert np.isfinite(await decoders.decode(decoding, bytes(data))).all()
        with pytest.raises(MediaError) as silent:
            await decoders.decode("audio", recording(np.zeros(16_000)))
        assert silent.value.reason == AbsentReason.SILENT


def test_a_decoder_keeps_to_one_core_however_many_there_are() -> None:
    began = subprocess.run(
        [sys.executable, "-c", THREADS],
        input=picture(plain((1, 2, 3), height=1000, width=1500), "AVIF"),
        capture_output=True,
        check=True,
    ).stdout
    assert int(began) == 0


async def test_a_playlist_within_a_film_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "other.mp4").write_bytes(film(tmp_path, [plain((9, 9, 9))] * 3, 1, "a.mp4"))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{tmp_path}/other.mp4\n"
    decodings: tuple[Decoding, ...] = ("video", "sound_of_video")
    listed = f"ffconcat version 1.0\nfile '{tmp_path}/other.mp4'\n"
    async with DecoderPool(DecoderLimits()) as decoders:
        for decoding, text in product(decodings, (playlist, listed)):
            with pytest.raises(MediaError) as failed:
                await decoders.decode(decoding, text.encode())
            assert failed.value.reason == AbsentReason.DECODER_FAILED
