"""Raw posts with a stretch of a recording to envelopes of feature set `paper@1`.

Not for files of posts: `voxpop features paper` reads and writes those.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from connectors.extraction.paper.frames import COVAREP_PER_S, FACET_PER_S, Frames
from connectors.extraction.paper.glove import Vectors, text_steps
from connectors.extraction.paper.words import words
from connectors.schemas.codec import encode_tensor, first_fault
from connectors.schemas.feature_sets import PAPER
from connectors.schemas.post import JsonObject, RawPost

RECORDING: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


class RecordedPost(RawPost):
    """A raw post, and where in which recording it is said."""

    recording: Annotated[str, Field(max_length=200, pattern=rf"^{RECORDING.pattern}$")] | None = (
        Field(default=None, description="name of its tables without `.csv`")
    )
    start_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    end_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e9


class PaperFeatures:
    """Makes envelopes.

    Args:
        vectors: of the posts' words.
        covarep: folder of COVAREP's tables, `RECORDING.csv`; None: no audio.
        facet: folder of Facet's tables; None: no visual.
    """

    def __init__(self, vectors: Vectors, covarep: Path | None, facet: Path | None) -> None:
        self._vectors = vectors
        self._folders = {"audio": (covarep, COVAREP_PER_S), "visual": (facet, FACET_PER_S)}
        # posts of a recording mostly follow one another; a table may be 100 MB
        self._read = lru_cache(maxsize=2)(Frames.read)

    def envelope(self, document: JsonObject) -> JsonObject:
        """A whole post for the topic `posts`.

        Args:
            document: a raw post with `recording`, `start_s` and `end_s` where it has a recording.

        Raises:
            ValueError: it is no such post, a table cannot be used, or nothing gives a feature.
        """
        post = recorded_post(document)
        tensors = {"text": text_steps(words(post.text or ""), self._vectors, self._most("text"))}
        for modality, (folder, per_s) in self._folders.items():
            if folder is not None and post.recording is not None:
                tensors[modality] = self._steps(modality, folder, per_s, post)
        features = {
            modality: encode_tensor(tensors[modality], "float32")
            if modality in tensors and len(tensors[modality])
            else None
            for modality in PAPER.widths
        }
        if not any(features.values()):
            raise ValueError("features: no word has a vector, and no frame is in its time")
        fields = {name: document[name] for name in RawPost.model_fields if name in document}
        fields.pop("media", None)
        return {"schema_version": 1} | fields | {"feature_set": PAPER.name, "features": features}

    def _steps(
        self, modality: str, folder: Path, per_s: float, post: RecordedPost
    ) -> NDArray[np.float32]:
        path = folder / f"{post.recording}.csv"
        try:
            frames = self._read(path, PAPER.widths[modality], per_s)
        except FileNotFoundError as error:
            raise ValueError(f"recording: there is no {path}") from error
        return frames.steps(post.start_s, post.end_s, self._most(modality))

    def _most(self, modality: str) -> int:
        return PAPER.max_steps[modality]


def recorded_post(document: JsonObject) -> RecordedPost:
    """The post of a document.

    Raises:
        ValueError: it is none.
    """
    try:
        post = RecordedPost.model_validate(document)
    except ValidationError as error:
        raise ValueError(first_fault(error)) from error
    if post.end_s <= post.start_s:
        raise ValueError(f"end_s: must be after start_s, {post.start_s:g}")
    return post
