"""What training hides from a batch, and noise that it puts in. Not for the network's dropout."""

from dataclasses import replace
from typing import Final

import numpy as np

from models.training.batches import Batch
from models.training.config import ModalityDropout
from models.training.corpus import Tensors

_NOISE_STEPS: Final = 4


def with_dropout(
    batch: Batch, settings: ModalityDropout, generator: np.random.Generator, visual_width: int
) -> Batch:
    """The batch with modalities dropped and random visual features put in; no post loses all.

    Args:
        batch: left as it is. A text counts as a modality also where its features are not there.
        settings: shares.
        generator: where chance comes from.
        visual_width: numbers a step of the random visual features.
    """
    features, texts = [], []
    for posts, written in zip(batch.features, batch.texts, strict=True):
        silent = generator.random() < settings.audio_drop
        noisy = generator.random() < settings.visual_noise
        own, said = [], []
        for post, text in zip(posts, written, strict=True):
            kept = dict(post)
            worded = "text" in kept or bool(text)
            if silent and (worded or len(kept) > 1):
                kept.pop("audio", None)
            mute = "audio" in kept and worded and generator.random() < settings.text_drop
            if mute:
                kept.pop("text", None)
            if noisy and "visual" not in kept:
                kept["visual"] = _noise(generator, visual_width)
            own.append(kept)
            said.append("" if mute else text)
        features.append(own)
        texts.append(said)
    return replace(batch, features=features, texts=texts)


def _noise(generator: np.random.Generator, width: int) -> Tensors:
    steps = int(generator.integers(1, _NOISE_STEPS + 1))
    return generator.standard_normal((steps, width), np.float32)  # [steps, width]
