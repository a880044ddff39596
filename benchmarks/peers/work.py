"""From records of the posts topic to predictions and counts: what every peer does in between.

Decoding and the document are Voxpop's own, so that peers differ in how they read, batch and write
alone. Not for Kafka or Redis: each peer has its own way to them.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from benchmarks.peers.job import Job
from benchmarks.peers.scoring import load_model
from connectors.schemas.codec import decode_post
from connectors.schemas.prediction import Prediction, Source
from stream_app.core.flow import BATCH_MOST
from stream_app.core.prediction import make_prediction

BATCH: Final = BATCH_MOST
WAIT_S: Final = 0.02


class Incoming(NamedTuple):
    """A record of the posts topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Answer(NamedTuple):
    """What a post became: a record of the predictions topic, and what is counted of it."""

    key: bytes
    value: bytes
    prediction: Prediction


class Work:
    """The model at work on one job.

    Args:
        job: what this process is to do.
    """

    def __init__(self, job: Job) -> None:
        self._model = load_model(job.form, job.settings)
        self._topic = job.posts
        self._max_bytes = job.settings.post_max_bytes

    def answer(self, records: Sequence[Incoming]) -> list[Answer]:
        """One answer a record, in order; all are scored in one batch.

        Raises:
            connectors.schemas.rejection.Rejection: one is no valid post; the backlog has none.
        """
        now = time.time()
        posts = [
            decode_post(each.key, each.value, now=now, max_bytes=self._max_bytes)
            for each in records
        ]
        answers = []
        for record, post, scored in zip(records, posts, self._model.score(posts), strict=True):
            source = Source(topic=self._topic, partition=record.partition, offset=record.offset)
            made = make_prediction(post, scored, source, self._model.version, now)
            answers.append(Answer(post.conversation_id.encode(), made.encoded, made))
        return answers


def count(pipeline: Any, job: Job, answers: Sequence[Answer]) -> None:
    """Put the counts of some answers into a Redis pipeline, summed; executing it is the caller's.

    Args:
        pipeline: of a client with or without an event loop.
        job: says under which names.
        answers: any number.
    """
    sums = Counter(field for answer in answers for field in _fields(answer.prediction))
    for (track, name), posts in sums.items():
        pipeline.hincrby(counts_key(job, track), name, posts)


def counts_key(job: Job, track: str) -> str:
    """The Redis hash with the counts of a track; `posts` in it counts all."""
    return f"{job.counts}{track}"


def _fields(prediction: Prediction) -> Iterator[tuple[str, str]]:
    labels = (f"sentiment:{prediction.sentiment.label}", f"emotion:{prediction.emotion.label}")
    for track in prediction.tracks:
        yield from ((track, name) for name in ("posts", *labels))
