"""Spark Structured Streaming as its users write it: micro-batches in `foreachBatch`, local[2].

The driver scores, in the order of each partition, since windows go on from one micro-batch to the
next and Spark's own Python workers share no memory. Its Kafka connector is a jar that Spark
fetches from Maven Central at its first start. Needs a Java of version 17 or 21.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyspark
import redis
from pyspark.sql import DataFrame, Row, SparkSession

from benchmarks.peers.catalogue import Form
from benchmarks.peers.job import Job
from benchmarks.peers.work import BATCH, Answer, Incoming, Work, count

CONNECTOR: Final = f"org.apache.spark:spark-sql-kafka-0-10_2.13:{pyspark.__version__}"
# posts; a trigger costs about 0.2 s however few they are, and scoring eagerly takes longer
MICRO_BATCH: Final[Mapping[Form, int]] = {"engine": 1024, "eager": 256}


def work_on(job: Job) -> None:
    """Run a query until ended."""
    spark = _session(job)
    batches = _Batches(job, spark)
    query = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", job.settings.kafka)
        .option("subscribe", job.posts)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", MICRO_BATCH[job.form])
        .load()
        .writeStream.foreachBatch(batches.write)
        .option("checkpointLocation", str(job.settings.data_dir / "checkpoint"))
        .start()
    )
    query.awaitTermination()


def _session(job: Job) -> SparkSession:
    if job.packages is None:
        raise RuntimeError("spark runs from packages of its own and was given none")
    options = {
        "spark.jars.packages": CONNECTOR,
        "spark.jars.ivy": str(job.packages / "ivy"),
        "spark.ui.enabled": "false",
        "spark.driver.memory": "2g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
    }
    builder = SparkSession.builder.master("local[2]").appName("peer")
    for name, value in options.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


class _Batches:
    """Scores and writes micro-batches.

    Args:
        job: what this process is to do.
        spark: the session, to write results with.
    """

    def __init__(self, job: Job, spark: SparkSession) -> None:
        self._job = job
        self._spark = spark
        self._work = Work(job)
        self._redis: redis.Redis = job.settings.redis_connection().open_sync()

    def write(self, frame: DataFrame, number: int) -> None:
        """One micro-batch, as `foreachBatch` gives it."""
        del number
        rows = frame.select("partition", "offset", "key", "value").collect()
        rows.sort(key=lambda row: (row.offset, row.partition))
        answers = [answer for part in _parts(rows) for answer in self._work.answer(part)]
        self._predict(answers)
        with self._redis.pipeline(transaction=False) as pipeline:
            count(pipeline, self._job, answers)
            pipeline.execute()

    def _predict(self, answers: list[Answer]) -> None:
        rows: list[Any] = [(bytearray(each.key), bytearray(each.value)) for each in answers]
        (
            self._spark.createDataFrame(rows, "key binary, value binary")
            .write.format("kafka")
            .option("kafka.bootstrap.servers", self._job.settings.kafka)
            .option("topic", self._job.predictions)
            .save()
        )


def _parts(rows: list[Row]) -> Iterator[list[Incoming]]:
    for start in range(0, len(rows), BATCH):
        yield [
            Incoming(row.partition, row.offset, bytes(row.key), bytes(row.value))
            for row in rows[start : start + BATCH]
        ]
