"""A batch of raw posts is written once; slow media hold up their own partition and no other."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest

from connectors.conversations.source import SourcePartition
from connectors.extraction.errors import AbsentReason
from connectors.extraction.outcome import MediaFeatures, MediaOutcome
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
from stream_app.extraction.media import AT_ONCE, HEAVY_AT_ONCE, MediaTurns, NoMedia
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
PICTURE = Media(kind="image", url="https://a.example/x.png")


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
    """Waits to be let go, but for sounds."""

    def __init__(self) -> None:
        self.asked = 0
        self.given_up = 0
        self.go = asyncio.Event()

    async def features(self, media: Sequence[Media]) -> MediaOutcome:
        self.asked += 1
        if media[0] != SOUND:
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
        return MediaOutcome({}, {"audio": "silent"})


class NoDecoders:
    """No process can be begun."""

    async def features(self, media: Sequence[Media]) -> MediaOutcome:  # noqa: ARG002
        raise OSError("no decoder starts")


class OvertakenBroker(FakeBroker):
    """Two more records are read and committed by the last owner before the commit is read."""

    async def committed(self, partition: int, topic_id: str) -> int | None:
        self.logs[partition] = list(range(5))
        self.commits[partition] = 5
        return await super().committed(partition, topic_id)


def extraction(
    broker: FakeBroker,
    outputs: Outputs,
    threads: ThreadPoolExecutor,
    media: MediaFeatures | None = None,
) -> Extraction:
    return Extraction(
        decoder=RawDecoder(1 << 20),
        preparation=Preparation(Languages(), None, readable_text),
        completion=Completion(Encoder("bad"), 1 << 20, lambda: NOW),
        media=media or NoMedia(),
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
    broker: FakeBroker, outputs: Outputs, media: MediaFeatures | None = None
) -> AsyncIterator[Worker[RawPost, ExtractedBatch]]:
    with ThreadPoolExecutor(1) as threads:
        work = extraction(broker, outputs, threads, media)
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


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)


async def until_written(outputs: Outputs, posts: int) -> None:
    await until(lambda: sum(map(len, outputs.written.values())) >= posts)


def offsets(outputs: Outputs) -> dict[int, list[int]]:
    return {
        partition: [record.offset for record, _ in decisions]
        for partition, decisions in sorted(outputs.written.items())
    }


def waiting(worker: Worker[RawPost, ExtractedBatch]) -> float | None:
    return worker._metrics.registry.get_sample_value("voxpop_waiting_posts")


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


async def test_slow_media_hold_back_their_own_partition_alone_and_in_order() -> None:
    outputs, media = Outputs(), SlowMedia()
    film = [FILM.model_dump()]
    async with working(FakeBroker({0: range(4), 1: range(2)}), outputs, media) as worker:
        await worker.offer([raw_record(0), raw_record(1, media=film), raw_record(2)])
        await worker.offer([raw_record(0, partition=1), raw_record(1, partition=1)])
        await worker.offer([raw_record(3)])
        await until_written(outputs, 3)
        assert offsets(outputs) == {0: [0], 1: [0, 1]}
        assert waiting(worker) == 3
        assert (worker.held_back(0), worker.held_back(1)) == (True, False)
        media.go.set()
        await until_written(outputs, 6)
        assert waiting(worker) == 0
        assert not worker.held_back(0)
    assert offsets(outputs) == {0: [0, 1, 2, 3], 1: [0, 1]}


async def test_slow_media_neither_end_nor_hold_up_a_worker_whose_partitions_are_taken_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outputs, media = Outputs(), SlowMedia()
    records = [raw_record(0, media=[FILM.model_dump()]), raw_record(1)]
    broker = FakeBroker({0: range(2)})
    async with working(broker, outputs, media) as worker:
        await worker.offer(records)
        await until(lambda: media.asked == 1)
        await worker.revoke()
        assert media.given_up == 1
        assert not caplog.records  # a drain that took too long says so
        worker.assigned()
        media.go.set()
        await worker.offer(records)
        await until_written(outputs, 2)
    assert offsets(outputs) == {0: [0, 1]}


async def test_a_post_in_no_track_asks_for_no_media() -> None:
    outputs, media = Outputs(), SlowMedia()
    async with working(FakeBroker({0: range(1)}), outputs, media) as worker:
        await worker.offer([raw_record(0, tracks=[], media=[FILM.model_dump()])])
        await until_written(outputs, 1)
    assert outputs.written[0][0][1] == InNoTrack()
    assert media.asked == 0


async def test_a_worker_that_can_decode_nothing_ends_and_says_where() -> None:
    with ThreadPoolExecutor(1) as threads:
        work = extraction(FakeBroker({0: range(1)}), Outputs(), threads, NoDecoders())
        item = work.decode(raw_record(0, media=[FILM.model_dump()]), NOW)
        work.begin(item)
        with pytest.raises(OSError, match="no decoder starts"):
            await work.assemble(Batch([item], 1))


async def test_media_that_take_too_long_are_absent_and_the_others_are_not() -> None:
    turns = MediaTurns(SlowMedia(), decoders=1, limit_s=0.05)
    late = {"visual": AbsentReason.TOO_SLOW, "audio": AbsentReason.TOO_SLOW}
    assert await turns.features([FILM]) == MediaOutcome({}, late)
    assert await turns.features([SOUND]) == MediaOutcome({}, {"audio": "silent"})


@pytest.mark.parametrize(
    ("of", "most"), [([PICTURE], AT_ONCE), ([PICTURE, FILM], 2 * HEAVY_AT_ONCE)]
)
async def test_posts_whose_media_take_a_decoder_long_have_fewer_turns(
    of: Sequence[Media], most: int
) -> None:
    media = SlowMedia()
    turns = MediaTurns(media, decoders=2)
    async with asyncio.TaskGroup() as group:
        for _ in range(most + 5):
            group.create_task(turns.features(of))
        await until(lambda: media.asked >= most)
        for _ in range(20):  # turns of the loop, in which others would come
            await asyncio.sleep(0)
        assert (media.asked, len(turns)) == (most, most + 5)
        media.go.set()
    assert (media.asked, len(turns)) == (most + 5, 0)
