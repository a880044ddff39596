"""The contract of a source: what it yields, and from where it goes on after a restart.

Not for delivery: `ingest` sends posts, applies withdrawals and keeps the cursor.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, Protocol, runtime_checkable

from pydantic import ValidationError

from connectors.schemas.codec import first_fault
from connectors.schemas.post import RawPost

Cursor = Mapping[str, Any]
Given = ParamSpec("Given")


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A post that its platform deleted or changed: what is stored of its words must go.

    Attributes:
        post_id: as in the envelope that was sent, if one was.
    """

    post_id: str
    cause: Literal["deleted", "edited"]


@dataclass(frozen=True, slots=True)
class AuthorWithdrawn:
    """An author who left or was removed: what is stored of any of their posts must go.

    Attributes:
        author_id: as in the envelopes.
    """

    author_id: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something that is there and makes no post."""

    reason: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that was yielded before is covered by this cursor.

    Attributes:
        cursor: JSON; the source that made it understands it.
        at: event time up to which the source has read, Unix seconds; None where it has none.
    """

    cursor: Cursor
    at: float | None = None


Item = RawPost | Withdrawn | AuthorWithdrawn | Unusable | Checkpoint


class Source(Protocol):
    """A platform, feed or file.

    It goes on for ever or until it is exhausted, mends what can be mended by itself (broken
    connections, rate limits), waits between two tries, and yields nothing before it is asked, so
    that whoever reads it slowly slows it down.
    """

    @property
    def name(self) -> str:
        """What it reads, for people and for the name of its cursor file."""
        ...

    def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        """Read on behind a cursor; None begins anew. A post may come again around a cursor.

        Raises:
            SourceError: only somebody can mend it.
        """
        ...


@runtime_checkable
class Watching(Protocol):
    """A source that looks at posts again, and should know which of them are worth it."""

    def taken(self, post: RawPost) -> None:
        """A post that it yielded is in `posts.raw`; told before it is asked for the next item."""
        ...


def readable(
    what: str, read: Callable[Given, Item], *args: Given.args, **options: Given.kwargs
) -> Item:
    """What a platform said as an item; Unusable where it has not the form that is documented.

    Otherwise one post of another form would end the source, again after each restart.

    Args:
        what: it is read of, for people.
        read: makes the item of what follows.
        args: for `read`.
        options: for `read`.
    """
    try:
        return read(*args, **options)
    except (
        AttributeError,
        LookupError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        return Unusable(f"{what} of another form: {error!r:.100}")


def raw_post(**fields: object) -> RawPost | Unusable:
    """An envelope for `posts.raw` of the fields, or why there is none: it needs words or media."""
    text = fields.get("text")
    if not (isinstance(text, str) and text.strip()):
        if not fields.get("media"):
            return Unusable("text: there is none, and no media")
        fields["text"] = None
    try:
        return RawPost.model_validate(fields)
    except ValidationError as error:
        return Unusable(first_fault(error))
