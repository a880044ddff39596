"""Small media made on the spot. Not for what is expected of them: the tests say that."""

import io
from pathlib import Path

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image

from connectors.extraction.audio.sound import SAMPLE_RATE_HZ, Samples

LEVEL_DB_OF_FULL_SCALE = 20 * np.log10(1 / 2e-5)


def seconds(duration_s: float) -> NDArray[np.float64]:
    return np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def tone(frequency_hz: float, duration_s: float, amplitude: float = 0.1) -> Samples:
    samples: Samples = amplitude * np.sin(2 * np.pi * frequency_hz * seconds(duration_s))
    return samples


def recording(samples: Samples, form: str = "WAV", rate_hz: int = SAMPLE_RATE_HZ) -> bytes:
    file = io.BytesIO()
    subtype = "OPUS" if form == "OPUS" else None
    soundfile.write(file, samples, rate_hz, format=form.replace("OPUS", "OGG"), subtype=subtype)
    return file.getvalue()


def picture(pixels: NDArray[np.uint8], form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def plain(colour: tuple[int, int, int], height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def film(folder: Path, frames: list[NDArray[np.uint8]], per_s: float, name: str) -> bytes:
    path = folder / name
    code = {"mp4": "mp4v", "webm": "VP80"}[name.rpartition(".")[2]]
    height, width, _ = frames[0].shape
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), per_s, (width, height))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path.read_bytes()
