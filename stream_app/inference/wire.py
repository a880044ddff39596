"""What a worker and the process of its model write to each other.

Numbers and records stand in the shared block one after the other, how long each is and all else in
the message, which is JSON. Whoever answers writes over what was asked. Not for sending: `process`.

A batch bounds what a block ever holds: of 256 posts, the most by default, 54 MiB of numbers where
each has all its 128 steps in every modality, and 10 MiB of records where each comes at the end of a
full window of its own. Both grow with VOXPOP_BATCH_MAX, records with VOXPOP_WINDOW too.
"""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite, prod
from typing import Any, Final

import numpy as np
import orjson

from connectors.schemas.scoring import Features, Score, WindowRequest
from stream_app.core.windows import ConversationKey
from stream_app.inference.block import SharedBlock

_NUMBER: Final = np.dtype(np.float32)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of requests for states since the start, and the states kept now."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    states: int = 0


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a process says of its engine before it is asked anything; see `models.engine.Engine`.

    Attributes:
        kind: name of the engine's class.
        state_bytes: memory of a conversation's state; None: it keeps none.
    """

    version: str
    feature_set: str
    stamp: bytes
    device: str
    kind: str
    state_bytes: int | None

    def encode(self) -> bytes:
        """As a message."""
        return orjson.dumps(
            {
                "version": self.version,
                "feature_set": self.feature_set,
                "stamp": self.stamp.hex(),
                "device": self.device,
                "kind": self.kind,
                "state_bytes": self.state_bytes,
            }
        )

    @classmethod
    def decode(cls, message: bytes) -> "Introduction":
        """From a message.

        Raises:
            RefusedError: it says why there is no engine.
        """
        told = _told(message)
        return cls(**{**told, "stamp": bytes.fromhex(told["stamp"])})


class RefusedError(Exception):
    """The process could not do what it was asked.

    Attributes:
        kind: name of the class of what it met.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def ask_encode(block: SharedBlock, posts: Sequence[Features]) -> bytes:
    """A message that asks for the records of posts."""
    tensors = [steps for post in posts for steps in post.values()]
    count = sum(steps.size for steps in tensors)
    if count:
        room = np.frombuffer(block.room(count * _NUMBER.itemsize), _NUMBER)
        np.concatenate([steps.ravel() for steps in tensors], out=room, casting="no")
    shapes = [[[name, *steps.shape] for name, steps in post.items()] for post in posts]
    return orjson.dumps({"encode": shapes})


def asked_posts(block: SharedBlock, asked: Any) -> list[Features]:
    """The posts of a question; their tensors are views of the block.

    Args:
        block: as whoever asked left it.
        asked: what stands at `encode`.
    """
    seen = block.look()
    posts: list[Features] = []
    at = 0
    for shapes in asked:
        post = {}
        for name, *shape in shapes:
            count = prod(shape)
            post[name] = np.frombuffer(seen, _NUMBER, count, at).reshape(shape)
            at += count * _NUMBER.itemsize
        posts.append(post)
    return posts


def tell_records(block: SharedBlock, records: Sequence[bytes]) -> bytes:
    """A message that answers with records."""
    return orjson.dumps({"records": _write(block, records)})


def told_records(block: SharedBlock, message: bytes) -> list[bytes]:
    """The records of an answer.

    Raises:
        RefusedError: it says why there are none.
    """
    return _read(block, _told(message)["records"])


def ask_score(block: SharedBlock, windows: Sequence[WindowRequest]) -> bytes:
    """A message that asks for the scores of windows.

    Raises:
        TypeError: a window is named by something else than its conversation's key.
    """
    lengths = _write(block, [record for window in windows for record in window.records])
    asked = [[_name(each.conversation), len(each.records), each.targets] for each in windows]
    return orjson.dumps({"score": asked, "records": lengths})


def asked_windows(block: SharedBlock, asked: Any, lengths: Sequence[int]) -> list[WindowRequest]:
    """The windows of a question.

    Args:
        block: as whoever asked left it.
        asked: what stands at `score`.
        lengths: what stands at `records`.
    """
    records = _read(block, lengths)
    windows: list[WindowRequest] = []
    at = 0
    for name, count, targets in asked:
        conversation = None if name is None else ConversationKey(*name)
        windows.append(WindowRequest(records[at : at + count], tuple(targets), conversation))
        at += count
    return windows


def tell_scores(scores: Sequence[Sequence[Score]], kept: Kept) -> bytes:
    """A message that answers with the scores of each window's targets; every bit of them.

    Raises:
        ValueError: one holds what is no number of JSON, NaN or infinity; says which.
    """
    message = orjson.dumps({"scores": scores, "kept": kept})
    if b"null" in message:  # what orjson writes for it
        raise ValueError(_not_finite(scores))
    return message


def told_scores(message: bytes) -> tuple[list[list[Score]], Kept]:
    """The scores of an answer.

    Raises:
        RefusedError: it says why there are none.
    """
    told = _told(message)
    scores = [
        [
            Score(tuple(own["sentiment"]), tuple(own["emotion"]), tuple(own["modalities"]))
            for own in window
        ]
        for window in told["scores"]
    ]
    return scores, Kept(**told["kept"])


def refuse(error: Exception) -> bytes:
    """A message that says why something could not be done."""
    return orjson.dumps({"refused": str(error), "kind": type(error).__name__})


def _told(message: bytes) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(message)
    if "refused" in told:
        raise RefusedError(told["kind"], told["refused"])
    return told


def _not_finite(scores: Sequence[Sequence[Score]]) -> str:
    told = (
        f"window {at} of the batch, target {number} of its {len(window)}: the model's {part} is "
        f"{value}, and every number must be finite"
        for at, window in enumerate(scores)
        for number, score in enumerate(window)
        for part, values in asdict(score).items()
        for value in values
        if not isfinite(value)
    )
    return next(told, "an answer holds what JSON cannot carry, and it is no score")


def _name(conversation: Hashable | None) -> list[int | str] | None:
    if conversation is None:
        return None
    if isinstance(conversation, ConversationKey):
        return [conversation.partition, conversation.conversation_id]
    raise TypeError(f"a window is named {conversation!r}, and not by a ConversationKey")


def _write(block: SharedBlock, records: Sequence[bytes]) -> list[int]:
    """Put records into the block; returns the length of each."""
    body = b"".join(records)
    block.room(len(body))[:] = body
    return [len(record) for record in records]


def _read(block: SharedBlock, lengths: Sequence[int]) -> list[bytes]:
    seen = block.look()
    records = []
    at = 0
    for length in lengths:
        records.append(bytes(seen[at : at + length]))
        at += length
    return records
