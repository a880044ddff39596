"""A bare aiokafka loop, the ceiling: no framework, nothing that a crash would not undo."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.peers.job import Job
from benchmarks.peers.work import BATCH, WAIT_S, Incoming, Work, count


def work_on(job: Job) -> None:
    """Read, score and write until ended."""
    asyncio.run(_loop(job, Work(job)))


async def _loop(job: Job, work: Work) -> None:
    options = job.settings.kafka_connection().client_options()
    redis = job.settings.redis_connection().open()
    consumer = AIOKafkaConsumer(
        job.posts, **options, group_id=job.settings.group, auto_offset_reset="earliest"
    )
    async with consumer, AIOKafkaProducer(**options, compression_type="zstd") as producer:
        while True:
            fetched = await consumer.getmany(max_records=BATCH, timeout_ms=int(WAIT_S * 1000))
            records = [
                Incoming(each.partition, each.offset, each.key, each.value)
                for batch in fetched.values()
                for each in batch
            ]
            if not records:
                continue
            answers = await asyncio.to_thread(work.answer, records)
            for answer in answers:
                await producer.send(job.predictions, key=answer.key, value=answer.value)
            async with redis.pipeline(transaction=False) as pipeline:
                count(pipeline, job, answers)
                await pipeline.execute()
