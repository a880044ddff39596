"""A batch of raw posts is written once, partition by partition, and slow media hold up nobody."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest

from connectors.conversations.source import SourcePartition
from connectors.extraction.errors import AbsentReason
from connectors.extraction.outcome import MediaOutcome
from connectors.schemas.media import Media
from connectors.schemas.post import RawPost
from connectors.schemas.rejection import Reason
from models.readable_text import readable_text
from stream_app.batch import Batch
from stream_app.core.batching import MicroBatcher
from stream_app.core.extraction import Completion, Extracted, InNoTrack, MediaOff, Preparation
from stream_app.core.outcome import Rejected
from stream_app.core.record import Record
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.extraction.decoder import RawDecoder
from stream_app.extraction.media import NoMedia, features_of_posts
from stream_app.extraction.outputs import Decision
from stream_app.extraction.work import ExtractedBatch, Extraction
from stream_app.membership import Membership
from stream_app.metrics import Metrics
from stream_app.worker import Worker
from tests.unit.stream_app.fakes import FakeBroker
from tests.unit.stream_app.test_extraction import Encoder, Languages

NOW = 1_764_000_100.0
SOUND = Media(kind="audio", url="https://a.example/x.wav")
FILM = Media(kind="video", url="https://a.example/x.mp4")


@dataclass
class Outputs:
    """Remembers what was written, and who owns what."""

    owned: list[int] = field(default_factory=list)
    written: dict[int, list[Decision]] = field(default_factory=dict)
    transactions: int = 0
    fenced: bool = False

    async def own(self, source: SourcePartition) -> None:
        self.owned.append(source.partition)

    async def disown(self) -> None:
        self.owned.clear()

    async def write(self, source: SourcePartition, decisions: Sequence[Decision]) -> None:
        if self.fenced:
            raise CannotGoOn(ExitCode.FENCED, "another owner")
        self.transactions += 1
        self.written.setdefault(source.partition, []).extend(decisions)


class SlowMedia:
    """Never ends, but for sounds."""

    async def features(self, media: Sequence[Media]) -> MediaOutcome:
        if media[0] == SOUND:
            return MediaOutcome({}, {"audio": "silent"})
        await asyncio.Event().wait()
        raise AssertionError


class OvertakenBroker(FakeBroker):
    """Two more records are read and committed by the last owner before the commit is read."""

    async def committed(self, partition: int, topic_id: str) -> int | None:
        self.logs[partition] = list(range(5))
        self.commits[partition] = 5
        return await super().committed(partition, topic_id)


def extraction(broker: FakeBroker, outputs: Outputs, threads: ThreadPoolExecutor) -> Extraction:
    return Extraction(
        decoder=RawDecoder(1 << 20),
        preparation=Preparation(Languages(), None, readable_text),
        completion=Completion(Encoder("bad"), 1 << 20, lambda: NOW),
        media=NoMedia(),
        outputs=outputs,
        membership=Membership(broker, 10.0, clock=lambda: 0.0),
        executor=threads,
        metrics=Metrics(),
    )


def raw_record(offset: int, partition: int = 0, **changes: object) -> Record:
    document = {
        "post_id": f"p{offset}",
        "conversation_id": "c",
        "platform": "test",
        "created_at": NOW - 1,
        "tracks": ["acme"],
        "text": f"number {offset}",
        **changes,
    }
    return Record(partition, offset, b"c", orjson.dumps(document), generation=1)


@asynccontextmanager
async def working(
    broker: FakeBroker, outputs: Outputs
) -> AsyncIterator[Worker[RawPost, ExtractedBatch]]:
    with ThreadPoolExecutor(1) as threads:
        work = extraction(broker, outputs, threads)
        worker = Worker(
            topic="posts.raw",
            broker=broker,
            work=work,
            batcher=MicroBatcher(8, 0.01),
            metrics=Metrics(),
            session_timeout_s=10.0,
            hang_limit_s=10.0,
            clock=lambda: NOW,
        )
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            running.cancel()


async def until_written(outputs: Outputs, posts: int) -> None:
    async with asyncio.timeout(5):
        while sum(map(len, outputs.written.values())) < posts:
            await asyncio.sleep(0.001)


async def test_every_record_has_one_outcome_in_order_and_nothing_is_committed_beside_them() -> None:
    outputs = Outputs()
    broker = FakeBroker({0: range(5), 1: range(1)})
    records = [
        raw_record(0),
        raw_record(1, text="bad"),
        Record(0, 2, b"c", b"{", generation=1),
        raw_record(3, tracks=[]),
        raw_record(4, media=[SOUND.model_dump()]),
        raw_record(0, partition=1),
    ]
    async with working(broker, outputs) as worker:
        await worker.offer(records)
        await until_written(outputs, len(records))
        await worker.tend()
    assert broker.commits == {}
    assert [record.offset for record, _ in outputs.written[0]] == [0, 1, 2, 3, 4]
    first, poison, broken, nowhere, silent = (outcome for _, outcome in outputs.written[0])
    assert isinstance(first, Extracted)
    assert isinstance(poison, Rejected)
    assert poison.reason is Reason.POISON
    assert isinstance(broken, Rejected)
    assert broken.reason is Reason.INVALID_JSON
    assert nowhere == InNoTrack()
    assert isinstance(silent, Extracted)
    assert silent.absent == {"audio": AbsentReason.FETCHING_OFF}
    assert isinstance(outputs.written[1][0][1], Extracted)


async def test_what_the_settings_leave_out_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    outputs = Outputs()
    async with working(FakeBroker({0: range(2)}), outputs) as worker:
        picture = Media(kind="image", url="https://a.example/x.png").model_dump()
        await worker.offer(
            [raw_record(0, media=[picture]), raw_record(1, text="", media=[picture])]
        )
        await until_written(outputs, 2)
    assert outputs.written[0][1][1] == MediaOff()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_partitions_that_are_taken_away_are_given_up_and_owned_again_before_reading() -> None:
    outputs = Outputs()
    broker = FakeBroker({0: range(2)})
    async with working(broker, outputs) as worker:
        await worker.offer([raw_record(0)])
        await until_written(outputs, 1)
        assert outputs.owned == [0]
        await worker.revoke()
        assert outputs.owned == []
        broker.commits, broker.commits_of = {0: 1}, "id1"
        worker.assigned()
        await worker.offer([raw_record(0), raw_record(1)])
        await until_written(outputs, 2)
        assert outputs.owned == [0]
    assert [record.offset for record, _ in outputs.written[0]] == [0, 1]


async def test_a_worker_that_was_shut_out_ends() -> None:
    outputs = Outputs(fenced=True)
    with ThreadPoolExecutor(1) as threads:
        work = extraction(FakeBroker({0: range(1)}), outputs, threads)
        source = SourcePartition("posts.raw", "id1", 0)
        await work.take_over(source, 1)
        await work.resume(source, 0)
        batch = Batch([work.decode(raw_record(0), NOW)], 1)
        await work.assemble(batch)
        with pytest.raises(CannotGoOn) as end:
            await work.conclude(await work.decide(batch))
    assert end.value.code is ExitCode.FENCED


async def test_a_batch_whose_partition_was_given_up_meanwhile_ends_the_worker() -> None:
    outputs = Outputs()
    with ThreadPoolExecutor(1) as threads:
        work = extraction(FakeBroker({0: range(1)}), outputs, threads)
        await work.resume(SourcePartition("posts.raw", "id1", 0), 0)
        batch = Batch([work.decode(raw_record(0), NOW)], 1)
        await work.assemble(batch)
        decided = await work.decide(batch)
        await work.release()
        for step in (work.conclude(decided), work.decide(batch)):
            with pytest.raises(CannotGoOn) as end:
                await step
            assert end.value.code is ExitCode.PARTITION_LOST
    assert not outputs.written


async def test_what_the_last_owner_did_while_it_was_taken_over_is_not_done_again() -> None:
    outputs = Outputs()
    broker = OvertakenBroker({0: range(3)})
    async with working(broker, outputs) as worker:
        await worker.tend()
        assert worker.position(0) == 5


async def test_a_commit_behind_the_end_never_begins_a_partition_again() -> None:
    broker = FakeBroker({0: range(3)})
    broker.commits[0] = 5
    async with working(broker, Outputs()) as worker:
        with pytest.raises(CannotGoOn, match="lost records") as end:
            await worker.tend()
    assert end.value.code is ExitCode.HOLE


async def test_media_that_take_too_long_are_absent_and_the_others_are_not() -> None:
    found = await features_of_posts(SlowMedia(), {1: [FILM], 2: [SOUND], 3: []}, limit_s=0.05)
    assert found[1] == MediaOutcome({}, {"visual": AbsentReason.TOO_SLOW})
    assert found[2] == MediaOutcome({}, {"audio": "silent"})
    assert found[3] == MediaOutcome({}, {})
