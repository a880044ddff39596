"""Each post once into `posts.raw`, and the cursor only behind what is there."""

import asyncio
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.kafka.errors import DeliveryError
from connectors.schemas.post import RawPost
from connectors.sources.cursor_file import CursorFile, SavedState
from connectors.sources.errors import SourceError, SourceRefusedError
from connectors.sources.figures import Figures
from connectors.sources.ingest import MOST_UNSAVED, Ingest
from connectors.sources.items import AuthorWithdrawn, Checkpoint, Item, Unusable, Withdrawn
from connectors.sources.selection import Selection
from tests.unit.connectors_sources.fakes import (
    WITHIN_S,
    FakeForgetter,
    FakeTopic,
    ScriptedSource,
    post,
)

Script = list[Item | Exception | str]


class Trial:
    """One deployment over several runs of an ingest."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cursor.json"
        self.topic = FakeTopic()
        self.forgetter = FakeForgetter()
        self.figures = Figures()
        self.source = ScriptedSource([])

    def ingest(
        self, file: CursorFile, script: Script, query: str = "acme", save_every_s: float = 60.0
    ) -> Ingest:
        self.source = ScriptedSource(script)
        self.figures = Figures()
        return Ingest(
            self.source,
            self.topic,
            Selection([query], ["t"]),
            file,
            self.forgetter,
            self.figures,
            save_every_s=save_every_s,
        )

    async def run(self, script: Script, query: str = "acme") -> None:
        with CursorFile(self.path, "scripted") as file:
            await self.ingest(file, script, query).run()

    async def kill(self, script: Script) -> None:
        """Run until the source waits, and end without a chance to save."""
        with CursorFile(self.path, "scripted") as file:
            running = asyncio.create_task(self.ingest(file, [*script, "wait"]).run())
            await asyncio.wait_for(self.source.waiting.wait(), WITHIN_S)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    @property
    def saved(self) -> SavedState:
        state = CursorFile(self.path, "scripted").load()
        assert state is not None
        return state


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


async def test_posts_are_sent_in_their_tracks_and_the_next_run_begins_behind_them(
    trial: Trial,
) -> None:
    await trial.run([post("a"), post("b", tracks=["own"]), Checkpoint({"at": 2}, 7.0)])
    assert [sent.tracks for sent in trial.topic.posts] == [["t"], ["own", "t"]]
    assert (trial.figures.sent, trial.figures.at) == (2, 7.0)
    await trial.run([post("c")])
    assert trial.source.began_at == {"at": 2}
    assert trial.topic.ids == ["a", "b", "c"]


async def test_a_post_that_comes_again_around_a_cursor_is_sent_once(trial: Trial) -> None:
    await trial.run([post("a"), post("a"), Checkpoint({"at": 1}), post("b")])
    assert trial.figures.duplicates == 1
    await trial.run([post("b"), post("c")])
    assert trial.topic.ids == ["a", "b", "c"]


async def test_what_was_delivered_before_a_kill_is_not_delivered_again(trial: Trial) -> None:
    await trial.run([post("a"), Checkpoint({"at": 1})])
    await trial.kill([post("b"), Checkpoint({"at": 2}), post("c")])
    assert trial.saved.cursor == {"at": 1}
    await trial.run([post("b"), post("c"), post("d")])
    assert trial.source.began_at == {"at": 1}
    assert trial.topic.ids == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "error", [KeyError("children"), TypeError("a secret"), ValueError("a secret"), IndexError()]
)
async def test_an_answer_of_another_shape_is_told_in_a_line_and_what_came_before_is_saved(
    trial: Trial, error: Exception
) -> None:
    with pytest.raises(SourceError, match="not the documented shape") as told:
        await trial.run([post("a"), Checkpoint({"at": 1}), error])
    assert "secret" not in str(told.value)
    assert trial.saved.cursor == {"at": 1}
    await trial.run([post("a"), post("b")])
    assert trial.topic.ids == ["a", "b"]


async def test_a_source_that_looks_again_is_told_what_was_taken(trial: Trial) -> None:
    class Looking(ScriptedSource):
        told: ClassVar[list[str]] = []

        def taken(self, post: RawPost) -> None:
            self.told.append(post.post_id)

    trial.topic.refused.add("large")
    script: Script = [post("a"), post("b", "of others"), post("large"), post("a")]
    with CursorFile(trial.path, "scripted") as file:
        ingest = Ingest(
            Looking(script),
            trial.topic,
            Selection(["acme"], ["t"]),
            file,
            trial.forgetter,
            trial.figures,
        )
        await ingest.run()
    assert Looking.told == ["a", "a"]


async def test_the_cursor_stays_before_posts_that_were_not_delivered(trial: Trial) -> None:
    await trial.run([post("a"), Checkpoint({"at": 1})])
    trial.topic.broken = DeliveryError("no broker")
    with pytest.raises(DeliveryError):
        await trial.run([post("b"), Checkpoint({"at": 2})])
    assert trial.saved.cursor == {"at": 1}
    assert not trial.saved.ended


async def test_a_topic_that_takes_no_more_stops_the_reading(trial: Trial) -> None:
    taken, room = asyncio.Event(), asyncio.Event()

    async def wait_for_room(post: RawPost) -> None:
        taken.set()
        await room.wait()
        trial.topic.posts.append(post)

    trial.topic.send = wait_for_room  # type: ignore[method-assign]
    with CursorFile(trial.path, "scripted") as file:
        running = asyncio.create_task(trial.ingest(file, [post("a"), post("b"), "wait"]).run())
        await asyncio.wait_for(taken.wait(), WITHIN_S)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not trial.source.waiting.is_set()
        room.set()
        await asyncio.wait_for(trial.source.waiting.wait(), WITHIN_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert trial.topic.ids == ["a", "b"]


async def test_stopping_while_the_source_is_silent_saves_what_was_read(trial: Trial) -> None:
    with CursorFile(trial.path, "scripted") as file:
        ingest = trial.ingest(file, [post("a"), Checkpoint({"at": 1}), "wait"])
        running = asyncio.create_task(ingest.run())
        await asyncio.wait_for(trial.source.waiting.wait(), WITHIN_S)
        ingest.stop()
        await asyncio.wait_for(running, WITHIN_S)
    assert (trial.saved.cursor, trial.saved.ended) == ({"at": 1}, True)
    assert trial.topic.flushes > 0


async def test_a_silent_source_does_not_hold_up_what_it_said_before(trial: Trial) -> None:
    with CursorFile(trial.path, "scripted") as file:
        script: Script = [Withdrawn("gone", "deleted"), Checkpoint({"at": 1}), "wait"]
        running = asyncio.create_task(trial.ingest(file, script, save_every_s=0.01).run())
        async with asyncio.timeout(WITHIN_S):
            while not trial.forgetter.posts or trial.saved.cursor is None:
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert trial.forgetter.posts == ["gone"]


async def test_withdrawals_reach_the_forgetter_before_the_cursor_passes_them(trial: Trial) -> None:
    script: Script = [
        post("a"),
        Withdrawn("a", "deleted"),
        Withdrawn("b", "edited"),
        AuthorWithdrawn("did:1"),
    ]
    await trial.run([*script, Checkpoint({"at": 1})])
    assert (trial.forgetter.posts, trial.forgetter.authors) == (["a", "b"], ["did:1"])
    assert (trial.figures.withdrawn, trial.figures.forgotten) == (3, 3)


async def test_what_makes_no_post_is_counted_with_its_reason_and_passed_over(trial: Trial) -> None:
    trial.topic.refused = {"big"}
    await trial.run([Unusable("no text"), post("big"), post("a"), post("b", "of others")])
    assert trial.topic.ids == ["a"]
    assert (trial.figures.unusable, trial.figures.passed_over) == (2, 1)
    assert trial.figures.last_reason == "big is too large"


async def test_a_source_that_cannot_go_on_leaves_what_it_gave_saved(trial: Trial) -> None:
    with pytest.raises(SourceRefusedError, match="token"):
        await trial.run([post("a"), Checkpoint({"at": 1}), SourceRefusedError("the token")])
    assert (trial.saved.cursor, trial.saved.ended) == ({"at": 1}, True)


async def test_no_more_posts_lie_behind_a_cursor_than_are_remembered(trial: Trial) -> None:
    many: Script = [post(f"p{number}") for number in range(MOST_UNSAVED + 1)]
    await trial.kill([Checkpoint({"at": 0}), *many])
    assert trial.saved.next_offsets == {0: MOST_UNSAVED}
    await trial.run(many)
    assert len(trial.topic.posts) == MOST_UNSAVED + 1
