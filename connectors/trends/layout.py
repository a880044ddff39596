"""Where a post's counts stand in Redis: resolutions, bucket starts, keys and fields.

Pure; the one place that knows the names. Not for what a post adds to them: that is `counting`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S

POSTS = "posts"
SENTIMENT = "sentiment:"
EMOTION = "emotion:"
SENTIMENT_SUM = "ps:"
EMOTION_SUM = "pe:"
MODALITY_SUM = "pm:"
AFTER = "after:"
TURN = "turn:"
MODEL = "model:"
CONVERSATIONS = "conversations"
AUTHORS = "authors"
SHED = "shed"
SHED_SQUARES = "shed:squares"


@dataclass(frozen=True, slots=True)
class Resolution:
    """A width of buckets and how long they are kept.

    Attributes:
        name: its name in keys and queries.
        seconds: width of a bucket.
        retention_s: seconds that a bucket lives after its end.
        splits_retention_s: seconds that its counts by platform and language live after it; None:
            there are none.
        distinct_retention_s: the same of its distinct conversations and authors.
        distinct_splits_retention_s: the same of those by platform and language.
    """

    name: str
    seconds: int
    retention_s: int
    splits_retention_s: int | None
    distinct_retention_s: int | None
    distinct_splits_retention_s: int | None


RESOLUTIONS = (
    Resolution("10s", 10, 6 * HOUR_S, None, None, None),
    Resolution("1m", MINUTE_S, 48 * HOUR_S, 6 * HOUR_S, 2 * HOUR_S, 2 * HOUR_S),
    Resolution("1h", HOUR_S, 90 * DAY_S, 30 * DAY_S, 8 * DAY_S, 26 * HOUR_S),
    Resolution("1d", DAY_S, 2 * 365 * DAY_S, 2 * 365 * DAY_S, 90 * DAY_S, 8 * DAY_S),
)
# resolution -> the coarser one whose buckets say whether those within changed; days stand alone
PAGE: Final[Mapping[str, str]] = MappingProxyType({"10s": "1m", "1m": "1h", "1h": "1d", "1d": "1d"})


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """A resolution's name and the Unix second at which the bucket starts."""

    resolution: str
    start: int

    @property
    def expires_at(self) -> int:
        """Unix second at which Redis forgets it."""
        return self._end_after(resolution(self.resolution).retention_s)

    @property
    def splits_expire_at(self) -> int:
        """Unix second at which its counts by platform and language go; 0: it has none."""
        return self._end_after(resolution(self.resolution).splits_retention_s)

    @property
    def distinct_expire_at(self) -> int:
        """Unix second at which its distinct counts go; 0: it has none."""
        return self._end_after(resolution(self.resolution).distinct_retention_s)

    @property
    def distinct_splits_expire_at(self) -> int:
        """Unix second at which its distinct counts by platform and language go; 0: it has none."""
        return self._end_after(resolution(self.resolution).distinct_splits_retention_s)

    def _end_after(self, retention_s: int | None) -> int:
        if retention_s is None:
            return 0
        return self.start + resolution(self.resolution).seconds + retention_s


def resolution(name: str) -> Resolution:
    """The resolution of that name.

    Raises:
        ValueError: there is none; names those that are.
    """
    for found in RESOLUTIONS:
        if found.name == name:
            return found
    known = ", ".join(found.name for found in RESOLUTIONS)
    raise ValueError(f"unknown resolution {name!r}: use one of {known}")


def bucket_start(created_at: float, resolution: Resolution) -> int:
    """Start of the bucket that holds a moment, Unix seconds.

    Args:
        created_at: event time, Unix seconds.
        resolution: width of the bucket.
    """
    return int(created_at // resolution.seconds) * resolution.seconds


@dataclass(frozen=True, slots=True)
class TrendLayout:
    """Names of the keys of one deployment.

    Args:
        namespace: first part of every key.

    Raises:
        ValueError: it holds a brace, which would move the hash tag.
    """

    namespace: str = "voxpop"

    def __post_init__(self) -> None:
        if not set(self.namespace).isdisjoint("{}"):
            raise ValueError(f"namespace {self.namespace!r} holds a brace: choose one without")

    @property
    def tracks(self) -> str:
        """Set of the tracks that ever had a post."""
        return f"{self.namespace}:tracks"

    def bucket(self, track: str, bucket: Bucket) -> str:
        """Hash of the counts of a bucket."""
        return self.buckets(track, bucket.resolution, [bucket.start])[0]

    def buckets(self, track: str, resolution: str, starts: Iterable[int]) -> list[str]:
        """The same of many buckets of one resolution."""
        front = f"{self._tagged(track)}:{resolution}:"
        return [f"{front}{start}" for start in starts]

    def splits(self, track: str, bucket: Bucket) -> str:
        """Hash: `platform:<name>` or `language:<name>` -> the counts of a bucket within it."""
        return f"{self._tagged(track)}:splits:{bucket.resolution}:{bucket.start}"

    def distinct(
        self, track: str, bucket: Bucket, kind: str, split: tuple[str, str] | None = None
    ) -> str:
        """HyperLogLog of a bucket, or of a platform or language within it.

        Args:
            track: name of the track.
            bucket: of the track.
            kind: `conversations` or `authors`; those are hashed.
            split: dimension and value; None: all posts.
        """
        whole = f"{self._tagged(track)}:{kind}:{bucket.resolution}:{bucket.start}"
        return whole if split is None else f"{whole}:{':'.join(split)}"

    def values(self, track: str, dimension: str) -> str:
        """Set of the platforms or languages that are told apart in a track."""
        return f"{self._tagged(track)}:values:{dimension}"

    def fence(self, track: str) -> str:
        """Hash: source partition -> last offset counted in the track."""
        return f"{self._tagged(track)}:fence"

    def late_dropped(self, track: str) -> str:
        """Hash: resolution -> posts that came after their bucket had expired."""
        return f"{self._tagged(track)}:late_dropped"

    @property
    def withdrawn(self) -> str:
        """Sorted set: marks of posts and authors that were forgotten, scored by when."""
        return f"{self.namespace}:withdrawn"

    def exemplars(self, track: str) -> str:
        """Hash: post id -> an example post, JSON."""
        return f"{self._tagged(track)}:exemplars"

    def exemplar_ranks(self, track: str, label: str) -> str:
        """Sorted set: post ids of the examples of `sentiment:<label>` or `emotion:<label>`."""
        return f"{self._tagged(track)}:exemplars:{label}"

    def exemplar_text(self, track: str, post_id: str) -> str:
        """Text of an example post, where texts are kept."""
        return f"{self._tagged(track)}:text:{post_id}"

    def index(self, track: str) -> str:
        """Sorted set: `<resolution>:<start>` of the buckets, scored by their expiry."""
        return f"{self._tagged(track)}:buckets"

    def rebuilt(self, track: str) -> str:
        """Hash: which rebuild wrote to the track last, and how far it got; expires after a day."""
        return f"{self._tagged(track)}:rebuilt"

    def registers(self, track: str) -> str:
        """HyperLogLog that a rebuild merges into another, there only while it does."""
        return f"{self._tagged(track)}:registers"

    def _tagged(self, track: str) -> str:
        if not track or not set(track).isdisjoint("{}"):
            raise ValueError(f"track {track!r} is empty or holds a brace: it cannot be a hash tag")
        return f"{self.namespace}:{{{track}}}"
