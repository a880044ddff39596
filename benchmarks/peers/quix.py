"""Quix Streams as its users write it: `apply` for each message, or a sink that scores batches.

A count window would batch a conversation's posts only; a sink gets those of all, which the engine
needs. Checkpoints are four a second, so that trends are as fresh as the other peers'.
"""

from quixstreams import Application, message_context
from quixstreams.kafka import Producer
from quixstreams.sinks.base import BaseSink

from benchmarks.peers.job import Job
from benchmarks.peers.work import BATCH, Answer, Incoming, Work, count

CHECKPOINT_S = 0.25


def work_on(job: Job) -> None:
    """Run an application until ended."""
    work = Work(job)
    app = Application(
        broker_address=job.settings.kafka,
        consumer_group=job.settings.group,
        auto_offset_reset="earliest",
        commit_interval=CHECKPOINT_S,
        auto_create_topics=False,
        state_dir=job.settings.data_dir / "state",
    )
    posts = app.topic(job.posts, key_deserializer="bytes", value_deserializer="bytes")
    predictions = app.topic(job.predictions, key_serializer="bytes", value_serializer="bytes")
    frame = app.dataframe(posts)
    if job.form == "engine":
        frame.sink(_ScoringSink(job, work, app.get_producer()))
    else:
        frame = frame.apply(lambda value, key, *_: _one(work, key, value), metadata=True)
        frame.sink(_CountingSink(job))
        frame.apply(lambda answer: answer.value).to_topic(predictions)
    app.run()


def _one(work: Work, key: bytes, value: bytes) -> Answer:
    place = message_context()
    return work.answer([Incoming(place.partition, place.offset, key, value)])[0]


class _CountingSink(BaseSink):  # type: ignore[misc] # quixstreams is not there for mypy
    """Counts what was scored, at each checkpoint."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._redis = job.settings.redis_connection().open_sync()
        self._held: list[Answer] = []

    def add(self, value: Answer, *_: object, **__: object) -> None:
        self._held.append(value)

    def flush(self) -> None:
        answers, self._held = self._held, []
        with self._redis.pipeline(transaction=False) as pipeline:
            count(pipeline, self._job, answers)
            pipeline.execute()


class _ScoringSink(BaseSink):  # type: ignore[misc] # quixstreams is not there for mypy
    """Scores and writes full batches as they come, and what is left at each checkpoint."""

    def __init__(self, job: Job, work: Work, producer: Producer) -> None:
        super().__init__()
        self._job = job
        self._work = work
        self._producer = producer
        self._counting = _CountingSink(job)
        self._held: list[Incoming] = []

    def add(
        self,
        value: bytes,
        key: bytes,
        timestamp: int,
        headers: object,
        topic: str,
        partition: int,
        offset: int,
    ) -> None:
        del timestamp, headers, topic
        self._held.append(Incoming(partition, offset, key, value))
        if len(self._held) >= BATCH:
            self._score()

    def flush(self) -> None:
        self._score()
        self._producer.flush()

    def _score(self) -> None:
        records, self._held = self._held, []
        if not records:
            return
        for answer in self._work.answer(records):
            self._producer.produce(self._job.predictions, key=answer.key, value=answer.value)
            self._counting.add(answer)
        self._counting.flush()
