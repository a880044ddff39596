"""Trends as a server keeps them that many people ask: in memory, read again where they changed.

An answer holds what `TrendReader.trends` would answer, as JSON. Not for a single question.

Every post counts at once in the buckets of all resolutions, so a coarser bucket equals the sum of
the finer ones that lie in it. That tells, by one read an hour of the range, which of its minutes
are not what they were: nothing else is read. Where finer buckets have expired, they are gone from
pages too.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from math import ceil
from typing import Final

import redis.asyncio

from connectors.gzip_parts import Part
from connectors.trends.layout import PAGE, Bucket, TrendLayout, bucket_start, resolution
from connectors.trends.questions import buckets_between
from connectors.trends.reader import TrendReader
from connectors.trends.series import TrendSeries, assemble, counts

FRESH_FOR_S: Final = 0.1
MOST_PAGE_BYTES: Final = 64 * 1024 * 1024  # of JSON; with fields and keys about four times as much


@dataclass(frozen=True, slots=True)
class TrendAnswer:
    """A series as JSON.

    Attributes:
        tag: changes whenever a byte of the answer does.
        parts: its bytes, in pieces that answers share.
    """

    tag: str
    parts: Sequence[Part]

    def json(self) -> bytes:
        """The bytes."""
        return b"".join(part.plain for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A bucket that holds posts: its start, its fields, its JSON."""

    start: int
    fields: Mapping[str, int]
    json: bytes


@dataclass(slots=True)
class _Page:
    """The buckets within one coarser bucket."""

    buckets: Sequence[_Kept]
    total: Mapping[str, int]
    part: Part
    tag: bytes
    checked_at: float


_COMMA: Final = Part(b",")
Fields = Mapping[bytes | str, bytes | str]  # of a bucket, as a client gives them
_PageKey = tuple[str, str, int]  # track, resolution, start of the page


class LiveTrends:
    """Answers for any number of readers from pages of buckets, hardly behind Redis.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
        fresh_for_s: how long a page is taken to be as Redis has it, seconds.
        most_bytes: memory for JSON of pages; those unused for longest leave first.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        layout: TrendLayout,
        *,
        fresh_for_s: float = FRESH_FOR_S,
        most_bytes: int = MOST_PAGE_BYTES,
    ) -> None:
        self._client = client
        self._layout = layout
        self._fresh_for_s = fresh_for_s
        self._most_bytes = most_bytes
        self._bytes = 0
        self._pages: OrderedDict[_PageKey, _Page] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}
        self._naming = asyncio.Lock()
        self._tracks: tuple[float, list[str]] = (float("-inf"), [])

    async def tracks(self) -> list[str]:
        """The tracks that ever had a post, by name."""
        async with self._naming:  # one reads for all who ask meanwhile
            read_at, names = self._tracks
            now = time.monotonic()
            if now - read_at > self._fresh_for_s:
                names = await TrendReader(self._client, self._layout).tracks()
                self._tracks = (now, names)
            return names

    async def trends(self, track: str, start: float, end: float, resolution: str) -> TrendAnswer:
        """The buckets of a track in a range, as `TrendReader.trends` has them.

        Raises:
            ValueError: the range is empty or over 5,000 buckets, or the resolution unknown.
            redis.exceptions.RedisError: Redis did not answer.
        """
        wanted = buckets_between(start, end, resolution)
        first, last = wanted[0].start, wanted[-1].start
        pages = await self._fresh(track, resolution, first, last)
        of_total = partial(assemble, track, ceil(end), wanted[:1])
        return _answer(of_total, list(_cut(pages, first, last)))

    async def _fresh(self, track: str, resolution: str, first: int, last: int) -> list[_Page]:
        """The pages from the one that holds `first` to the one that holds `last`."""
        keys = list(_page_keys(track, resolution, first, last))
        async with self._locks.setdefault(track, asyncio.Lock()):
            oldest = time.monotonic() - self._fresh_for_s
            stale = [
                key
                for key in keys
                if (page := self._pages.get(key)) is None or page.checked_at < oldest
            ]
            if stale:
                await self._check(stale)
            found = [self._pages[key] for key in keys]
            for key in keys:
                self._pages.move_to_end(key)
            self._shrink()
        return found

    async def _check(self, keys: Sequence[_PageKey]) -> None:
        """Bring pages up to date."""
        now = time.monotonic()
        living = [key for key in keys if _children(key)[-1].expires_at > time.time()]
        for key in set(keys).difference(living):
            self._put(key, _page([], [], now))
        parents = await self._read([(key[0], _parent(key)) for key in living])
        changed = []
        for key, fields in zip(living, parents, strict=True):
            page = self._pages.get(key)
            if page is not None and page.total == counts(fields):
                page.checked_at = now
            elif _parent(key).resolution == key[1]:
                self._put(key, _page([_parent(key)], [fields], now))
            else:
                changed.append(key)
        wanted = [(key, _children(key)) for key in changed]
        read = iter(await self._read([(key[0], child) for key, held in wanted for child in held]))
        for key, children in wanted:
            found = [next(read) for _ in children]
            self._put(key, _page(children, found, now, self._pages.get(key)))

    async def _read(self, buckets: Sequence[tuple[str, Bucket]]) -> list[Fields]:
        if not buckets:
            return []
        async with self._client.pipeline(transaction=False) as pipeline:
            for track, bucket in buckets:
                pipeline.hgetall(self._layout.bucket(track, bucket))
            return list(await pipeline.execute())

    def _put(self, key: _PageKey, page: _Page) -> None:
        before = self._pages.pop(key, None)
        self._bytes += len(page.part.plain) - (len(before.part.plain) if before else 0)
        self._pages[key] = page

    def _shrink(self) -> None:
        while self._bytes > self._most_bytes:
            _, page = self._pages.popitem(last=False)
            self._bytes -= len(page.part.plain)


def _page_keys(track: str, name: str, first: int, last: int) -> Iterator[_PageKey]:
    width = resolution(PAGE[name])
    for start in range(bucket_start(first, width), last + 1, width.seconds):
        yield track, name, start


def _parent(key: _PageKey) -> Bucket:
    """The coarser bucket that says whether a page changed."""
    return Bucket(PAGE[key[1]], key[2])


def _children(key: _PageKey) -> list[Bucket]:
    """The buckets of a page, ascending."""
    _, name, start = key
    width = resolution(name).seconds
    return [Bucket(name, at) for at in range(start, start + resolution(PAGE[name]).seconds, width)]


def _page(
    children: Sequence[Bucket],
    found: Sequence[Fields],
    now: float,
    before: _Page | None = None,
) -> _Page:
    """A page of what Redis holds; JSON of buckets that did not change is taken from before."""
    known = {each.start: each for each in before.buckets} if before else {}
    kept: list[_Kept] = []
    for child, fields in zip(children, found, strict=True):
        held = counts(fields)
        same = known.get(child.start)
        if same is not None and same.fields == held:
            kept.append(same)
            continue
        made = assemble("", child.start + 1, [child], [fields]).buckets
        kept.extend(_Kept(child.start, held, each.model_dump_json().encode()) for each in made)
    return _made(kept, now)


def _made(kept: Sequence[_Kept], now: float) -> _Page:
    json = b",".join(each.json for each in kept)
    return _Page(kept, _summed(kept), Part(json), _digest(json), now)


def _summed(kept: Iterable[_Kept]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in kept:
        total.update(each.fields)
    return dict(total)


def _cut(pages: Sequence[_Page], first: int, last: int) -> Iterator[_Page]:
    """Pages with nothing outside a range; only those at its ends can have."""
    for place, page in enumerate(pages):
        if 0 < place < len(pages) - 1:
            yield page
            continue
        within = [each for each in page.buckets if first <= each.start <= last]
        whole = len(within) == len(page.buckets)
        yield page if whole else _made(within, page.checked_at)


def _answer(
    of_total: Callable[[Iterable[Fields]], TrendSeries], pages: Sequence[_Page]
) -> TrendAnswer:
    """The series of pages: the JSON of a series without buckets, with theirs put in."""
    total: Counter[str] = Counter()
    for page in pages:
        total.update(page.total)
    whole: Fields = {name: str(count) for name, count in total.items()}
    series = of_total([whole]).model_copy(update={"buckets": []})
    head, mark, tail = series.model_dump_json().encode().partition(b'"buckets":[')
    parts = [Part(head + mark)]
    for page in pages:
        if page.buckets:
            parts += [page.part, _COMMA]
    if parts[-1] is _COMMA:
        parts.pop()
    parts.append(Part(tail))
    return TrendAnswer(_digest(head + tail, *(page.tag for page in pages)).hex(), parts)


def _digest(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(part)
    return digest.digest()
