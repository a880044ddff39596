"""Bytewax as its users write it: `collect` into batches, score them, write with its connectors.

One key for all posts, since `collect` batches by key and a batch is to hold many conversations.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main

from benchmarks.peers.job import Job
from benchmarks.peers.work import BATCH, WAIT_S, Answer, Incoming, Work, count
from connectors.kafka.topics import DEFAULT_PARTITIONS

# librdkafka holds fetches back for a second once its queue is full, and stands still on large posts
CONSUMER: Final = {"fetch.queue.backoff.ms": "10"}


def work_on(job: Job) -> None:
    """Run a dataflow until ended."""
    cli_main(_flow(job, Work(job)))


def _flow(job: Job, work: Work) -> Dataflow:
    brokers = job.settings.kafka.split(",")
    flow = Dataflow("peer")
    read = kafka.input(
        "read",
        flow,
        brokers=brokers,
        topics=[job.posts],
        add_config=CONSUMER,
        batch_size=BATCH // DEFAULT_PARTITIONS,  # of each partition at a turn
    )
    op.raises("refuse", read.errs)
    keyed = op.key_on("together", read.oks, lambda _: "all")
    batches = op.collect("batch", keyed, timeout=timedelta(seconds=WAIT_S), max_size=BATCH)

    def score(batch: tuple[str, Sequence[KafkaSourceMessage]]) -> list[Answer]:
        return work.answer([_incoming(each) for each in batch[1]])

    answers = op.flat_map("score", batches, score)
    op.output("count", answers, _Counts(job))
    sent = op.map("document", answers, lambda each: KafkaSinkMessage(each.key, each.value))
    kafka.output("predictions", sent, brokers=brokers, topic=job.predictions)
    return flow


def _incoming(message: KafkaSourceMessage) -> Incoming:
    return Incoming(message.partition, message.offset, message.key, message.value)


class _Counts(DynamicSink):  # type: ignore[misc] # bytewax is not there for mypy
    """Counts in Redis."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def build(self, *_: object) -> "_CountsPart":
        return _CountsPart(self._job)


class _CountsPart(StatelessSinkPartition):  # type: ignore[misc] # as above
    """Counts of one worker."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._redis = job.settings.redis_connection().open_sync()

    def write_batch(self, items: list[Answer]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            count(pipeline, self._job, items)
            pipeline.execute()
