"""The benchmarks' posts in other conversations and tracks: those that a load asks for.

Not for their texts and features: `benchmarks.posts` makes those once.
"""

import time
from collections.abc import Sequence
from itertools import islice

import orjson

from benchmarks.posts import POST_MAX_BYTES, WirePost
from connectors.schemas.codec import decode_value
from stream_app.capacity.conversations import Conversations, NextPost
from stream_app.capacity.load import Load

SEED = 11


def posts_of(load: Load, made: Sequence[WirePost], count: int) -> list[WirePost]:
    """So many posts of a load, on the wire and as the worker reads them.

    Args:
        load: how its posts converse, and how many tracks there are.
        made: posts whose features are taken, over and over.
        count: how many.
    """
    stream = Conversations(load, SEED)
    envelopes = [orjson.loads(each.value) for each in made]
    return [
        _placed(envelopes[number % len(envelopes)], stream.next_post(), number)
        for number in islice(range(count), count)
    ]


def _placed(envelope: dict[str, object], place: NextPost, number: int) -> WirePost:
    key = f"c{place.conversation}"
    value = orjson.dumps(
        envelope
        | {
            "post_id": f"p{number}",
            "conversation_id": key,
            "parent_id": None,
            "tracks": [f"track-{track}" for track in place.tracks],
            "created_at": time.time(),
        }
    )
    post = decode_value(value, now=time.time(), max_bytes=POST_MAX_BYTES)
    return WirePost(key.encode(), value, post)
