"""A source on its way into `posts.raw`: each post once, and the cursor only behind what is there.

Not for platforms (the sources) or for what is shown (`figures`).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final, Protocol

from connectors.schemas.post import RawPost
from connectors.sources.cursor_file import CursorFile, SavedState
from connectors.sources.errors import CursorError, SourceError
from connectors.sources.figures import Figures
from connectors.sources.items import (
    AuthorWithdrawn,
    Checkpoint,
    Cursor,
    Item,
    Source,
    Unusable,
    Watching,
    Withdrawn,
)
from connectors.sources.seen import SeenPosts
from connectors.sources.selection import Selection
from connectors.sources.withdrawals import Forgetter

MOST_UNSAVED: Final = 10_000  # half of what `SeenPosts` remembers


class Topic(Protocol):
    """What `posts.raw` must do here: `connectors.sources.raw_topic.RawTopic`."""

    async def send(self, post: RawPost) -> None:
        """Send a post; ValueError: it is invalid."""
        ...

    async def flush(self) -> Mapping[int, int]:
        """Wait for delivery; the offset behind the last own post of each partition."""
        ...

    async def ends(self) -> Mapping[int, int]:
        """The offset behind the last record of each partition."""
        ...

    def own_posts(self, next_offsets: Mapping[int, int]) -> AsyncIterator[str]:
        """Ids of what this source delivered from there on."""
        ...


def _other_shape(source: str, error: Exception) -> SourceError:
    """An answer that is not what the platform documents, told without anything that it holds."""
    key = f" {error}" if isinstance(error, KeyError) else ""
    return SourceError(
        f"{source}: an answer has not the documented shape ({type(error).__name__}{key}). What "
        "came before is saved: run it again, it goes on there; if it ends so again, the "
        "platform's API has changed"
    )


class Ingest:
    """Moves the posts of one source until it ends or is told to stop.

    Every few seconds all that was sent is confirmed, withdrawals are applied, and the cursor is
    saved with the ids of the last posts and their places in the topic. A process that is killed
    in between finds in the topic what it had delivered, and does not deliver it again.

    Args:
        topic: connected.
        cursor_file: locked.
        save_every_s: time between two saves.
    """

    def __init__(
        self,
        source: Source,
        topic: Topic,
        selection: Selection,
        cursor_file: CursorFile,
        forgetter: Forgetter,
        figures: Figures,
        *,
        save_every_s: float = 5.0,
    ) -> None:
        self._source = source
        self._topic = topic
        self._selection = selection
        self._cursor_file = cursor_file
        self._forgetter = forgetter
        self._figures = figures
        self._save_every_s = save_every_s
        self._seen = SeenPosts()
        self._next_offsets: dict[int, int] = {}
        self._cursor: Cursor | None = None
        self._unsaved = 0
        self._posts_to_forget: set[str] = set()
        self._authors_to_forget: set[str] = set()
        self._changed = False
        self._steps = asyncio.Lock()  # a save falls between two items
        self._stopping = False
        self._reading: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """End soon and in good order: what was sent is confirmed and the cursor saved."""
        self._stopping = True
        if self._reading is not None:
            self._reading.cancel()

    async def run(self) -> None:
        """Go on behind the cursor file until the source ends or `stop` is called.

        Raises:
            SourceError: the source cannot go on; what it gave before is confirmed and saved.
            KafkaConnectorError: posts were not delivered; the cursor stays before them.
            redis.exceptions.RedisError: withdrawals were not applied; so does it then.
        """
        await self._restore()
        try:
            await self._read_and_save()
        except SourceError:
            await self._save(ended=True)
            raise
        await self._save(ended=True)

    async def _restore(self) -> None:
        state = self._cursor_file.load()
        if state is not None:
            self._cursor = state.cursor
            self._next_offsets = state.next_offsets
            try:
                self._seen.load(state.seen)
            except ValueError as error:
                raise CursorError(f"{self._source.name}: its cursor file is damaged") from error
        if state is not None and not state.ended:
            async for post_id in self._topic.own_posts(self._next_offsets):
                self._seen.add(post_id)
        self._next_offsets = dict(await self._topic.ends())
        self._write(ended=False)

    async def _read_and_save(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                saving = group.create_task(self._save_now_and_then())
                await self._read_all()
                saving.cancel()
        except BaseExceptionGroup as failures:  # reading or saving failed; the other was ended
            raise failures.exceptions[0] from None

    async def _read_all(self) -> None:
        async with aclosing(self._source.items(self._cursor)) as items:
            while not self._stopping:
                item = await self._next(items)
                if item is None:
                    return
                async with self._steps:
                    await self._take(item)
                    if self._unsaved >= MOST_UNSAVED:
                        await self._save(ended=False)

    async def _next(self, items: AsyncGenerator[Item, None]) -> Item | None:
        """The source's next item; None where it has no more, or `stop` was called meanwhile."""
        self._reading = asyncio.current_task()
        try:
            return await anext(items, None)
        except asyncio.CancelledError:
            if not self._stopping or self._reading is None:
                raise
            self._reading.uncancel()
            return None
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise _other_shape(self._source.name, error) from error
        finally:
            self._reading = None

    async def _take(self, item: Item) -> None:
        match item:
            case RawPost():
                await self._take_post(item)
            case Checkpoint():
                self._cursor = item.cursor
                self._figures.at = item.at or self._figures.at
            case Withdrawn():
                self._posts_to_forget.add(item.post_id)
                self._figures.withdrawn += 1
            case AuthorWithdrawn():
                self._authors_to_forget.add(item.author_id)
                self._figures.withdrawn += 1
            case Unusable():
                self._pass_over(item.reason)
        self._changed = True

    async def _take_post(self, post: RawPost) -> None:
        selected = self._selection.selected(post)
        if selected is None:
            self._figures.passed_over += 1
        elif not self._seen.add(post.post_id):
            self._figures.duplicates += 1
            self._tell_taken(post)
        else:
            try:
                await self._topic.send(selected)
            except ValueError as error:
                self._pass_over(str(error))
            else:
                self._figures.sent += 1
                self._unsaved += 1
                self._tell_taken(post)

    def _tell_taken(self, post: RawPost) -> None:
        if isinstance(self._source, Watching):
            self._source.taken(post)

    def _pass_over(self, reason: str) -> None:
        self._figures.unusable += 1
        self._figures.last_reason = reason

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._save_every_s)
            async with self._steps:
                if self._changed:
                    await self._save(ended=False)

    async def _save(self, *, ended: bool) -> None:
        self._next_offsets |= await self._topic.flush()
        if self._posts_to_forget or self._authors_to_forget:
            self._figures.forgotten += await self._forgetter.forget(
                self._posts_to_forget, self._authors_to_forget
            )
            self._posts_to_forget.clear()
            self._authors_to_forget.clear()
        self._write(ended=ended)

    def _write(self, *, ended: bool) -> None:
        self._cursor_file.save(
            SavedState(
                source=self._source.name,
                cursor=self._cursor,
                seen=self._seen.dump(),
                next_offsets=self._next_offsets,
                ended=ended,
            )
        )
        self._unsaved = 0
        self._changed = False
