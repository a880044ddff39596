"""Words of all posts around a shift, read back from Kafka: only when an alert is raised.

`predictions` says which posts there were, in which tracks and with which labels; `posts` has the
texts. Reading is bounded in records, in posts and in time. Nothing is kept here but counts. Not for
which of the words tell: that is `words`.
"""

import asyncio
import logging
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple, TypeVar

import msgspec
import orjson
from redis.exceptions import NoPermissionError

from connectors.alerts.words import READ, Spoken, Wording
from connectors.exemplars.withdrawn import MARK_LIFE_S, Withdrawn
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import KafkaConnectorError
from connectors.kafka.parts import TopicParts, While

MOST_POSTS: Final = 2000  # of a while that are looked at, evenly drawn where there are more
MOST_PREDICTIONS: Final = 60_000  # of a while that are read to find them, of all tracks
FEWEST_POSTS: Final = 30  # of a while, with texts; of fewer the examples are most
SCORED_WITHIN_S: Final = 300.0  # after it was written; later posts are not found

Document = TypeVar("Document")

logger = logging.getLogger(__name__)


class _Label(msgspec.Struct):
    label: str


class _Source(msgspec.Struct):
    partition: int
    offset: int


class _Scored(msgspec.Struct):
    """What is needed of a prediction."""

    post_id: str
    conversation_id: str
    tracks: list[str]
    created_at: float
    source: _Source
    sentiment: _Label
    emotion: _Label
    lang: str | None = None
    author_hash: str | None = None

    @property
    def place(self) -> tuple[int, int]:
        return self.source.partition, self.source.offset

    def spoken(self, text: str) -> Spoken:
        return Spoken.by(text, self.author_hash, self.conversation_id, self.lang)


class _Post(msgspec.Struct):
    """What is needed of a post; its features are passed over."""

    post_id: str
    text: str | None = None


class PostTopics(NamedTuple):
    """Whole names of the topics."""

    predictions: str
    posts: str


_SCORED: Final = msgspec.json.Decoder(_Scored)
_POST: Final = msgspec.json.Decoder(_Post)


async def words_of(said: Sequence[tuple[Spoken, bool]]) -> Wording:
    """Words of posts, each with whether it has the label, counted beside the event loop."""
    return await asyncio.to_thread(Wording.among, said)


class PostWords:
    """Counts words of posts.

    Args:
        connection: how to reach the brokers.
        topics: where the posts and what was said of them are.
        withdrawn: says which posts were forgotten.
        retention_s: seconds from its creation that a post's text may be kept; 0: no word is read.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topics: PostTopics,
        withdrawn: Withdrawn,
        retention_s: float,
    ) -> None:
        self._connection = connection
        self._topics = topics
        self._withdrawn = withdrawn
        self._retention_s = retention_s

    async def count(
        self, track: str, label: str | None, spans: Sequence[While], within_s: float
    ) -> list[Wording] | None:
        """Words of the posts of some whiles.

        Args:
            track: whose posts.
            label: that moved, `sentiment:negative` and the like; None where none did.
            spans: event times; what is older than texts or marks of forgotten posts are kept is
                left out of them.
            within_s: how long it may take, seconds.

        Returns:
            The words of each while; None where texts are not kept, a while is too old, few posts
            carry a text, or they could not be read.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        # of an older post nobody knows any more whether it was forgotten
        oldest = time.time() - min(self._retention_s, MARK_LIFE_S - within_s)
        whiles = [While(max(span.start, oldest), span.end) for span in spans]
        if not self._retention_s or within_s <= 0 or any(own.start >= own.end for own in whiles):
            return None
        try:
            async with asyncio.timeout(within_s), TopicParts(self._connection) as parts:
                return await self._count(parts, track, label, whiles)
        except TimeoutError:
            logger.warning("%s: words of all posts were not read within %.0f s", track, within_s)
        except (KafkaConnectorError, NoPermissionError) as error:
            logger.warning("%s: words of all posts are not read: %s", track, error)
        return None

    async def _count(
        self, parts: TopicParts, track: str, label: str | None, spans: Sequence[While]
    ) -> list[Wording] | None:
        counted = []
        for span in spans:
            scored = await self._scored(parts, track, span)
            if len(scored) < FEWEST_POSTS:
                return None
            texts = await self._texts(parts, scored)
            said = [
                (own.spoken(text), _has(own, label))
                for own in await self._told(scored)
                if (text := texts.get(own.post_id))
            ]
            counted.append(await words_of(said))
        return counted if min(own.posts for own in counted) >= FEWEST_POSTS else None

    async def _scored(self, parts: TopicParts, track: str, span: While) -> list[_Scored]:
        """Posts of the track that were written in a while, each once and in no order.

        Of many it is an even part, and so are the first of them.
        """
        found: dict[tuple[int, int], _Scored] = {}
        named = orjson.dumps(track)
        until = min(span.end + SCORED_WITHIN_S, time.time())
        reading = parts.during(self._topics.predictions, While(span.start, until), MOST_PREDICTIONS)
        async with aclosing(reading) as fetches:
            async for _, records in fetches:
                for record in records:
                    if not record.value or named not in record.value:
                        continue  # most are of other tracks
                    own = _decoded(_SCORED, record.value)
                    if own and track in own.tracks and span.start <= own.created_at < span.end:
                        found[own.place] = own
        posts = [found[place] for place in sorted(found)]
        drawn = random.Random(0)  # noqa: S311 - which ones is no secret
        return drawn.sample(posts, min(len(posts), MOST_POSTS))

    async def _texts(self, parts: TopicParts, posts: Iterable[_Scored]) -> Mapping[str, str]:
        """Texts by the id of their posts, of those that have one."""
        wanted = {own.place: own.post_id for own in posts}
        offsets: dict[int, list[int]] = defaultdict(list)
        for partition, offset in wanted:
            offsets[partition].append(offset)
        texts: dict[str, str] = {}
        async with aclosing(parts.at(self._topics.posts, offsets)) as fetches:
            async for partition, records in fetches:
                for record in records:
                    post_id = wanted.get((partition, record.offset))
                    if post_id is None or not record.value:
                        continue
                    post = _decoded(_POST, record.value)
                    # another post: of a topic that was made again
                    if post and post.post_id == post_id and post.text:
                        texts[post_id] = post.text[:READ]
        return texts

    async def _told(self, posts: Sequence[_Scored]) -> list[_Scored]:
        """Posts that nobody wanted to be forgotten."""
        gone = await self._withdrawn.among([(own.post_id, own.author_hash) for own in posts])
        return [own for own, withdrawn in zip(posts, gone, strict=True) if not withdrawn]


def _decoded(decoder: msgspec.json.Decoder[Document], value: bytes) -> Document | None:
    """What a record holds; None where it is none of those that are looked for."""
    try:
        return decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _has(post: _Scored, label: str | None) -> bool:
    kind, _, name = (label or "").partition(":")
    return not label or name == (post.emotion if kind == "emotion" else post.sentiment).label
