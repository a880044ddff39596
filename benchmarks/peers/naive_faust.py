"""Faust as its users write it: an agent that takes batches, scores them and sends results on.

Not how Voxpop uses Faust: that is `stream_app.app`.
"""

import faust

from benchmarks.peers.job import Job
from benchmarks.peers.work import BATCH, WAIT_S, Incoming, Work, count


def work_on(job: Job) -> None:
    """Run a worker until ended."""
    faust.Worker(_app(job, Work(job)), loglevel="info").execute_from_commandline()


def _app(job: Job, work: Work) -> faust.App:
    app = faust.App(
        job.settings.group,
        broker=f"kafka://{job.settings.kafka}",
        datadir=job.settings.data_dir,
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
    )
    posts = app.topic(job.posts, key_type=bytes, value_type=bytes)
    predictions = app.topic(job.predictions, key_type=bytes, value_type=bytes)
    redis = job.settings.redis_connection().open()

    async def score(stream: faust.Stream[bytes]) -> None:
        async for events in stream.take_events(BATCH, within=WAIT_S):
            records = [
                Incoming(each.message.partition, each.message.offset, each.key, each.value)
                for each in events
            ]
            answers = work.answer(records)
            for answer in answers:
                await predictions.send(key=answer.key, value=answer.value)
            async with redis.pipeline(transaction=False) as pipeline:
                count(pipeline, job, answers)
                await pipeline.execute()

    app.agent(posts)(score)
    return app
