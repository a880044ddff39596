"""Where a post's counts stand in Redis: resolutions, bucket starts, keys and fields.

Pure; the one place that knows the names. Not for reading or writing them.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.schemas.prediction import Prediction

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S

POSTS = "posts"
SENTIMENT = "sentiment:"
EMOTION = "emotion:"
MODEL = "model:"


@dataclass(frozen=True, slots=True)
class Resolution:
    """A width of buckets and how long they are kept.

    Attributes:
        name: its name in keys and queries.
        seconds: width of a bucket.
        retention_s: seconds that a bucket lives after its end.
    """

    name: str
    seconds: int
    retention_s: int


RESOLUTIONS = (
    Resolution("10s", 10, 6 * HOUR_S),
    Resolution("1m", MINUTE_S, 48 * HOUR_S),
    Resolution("1h", HOUR_S, 90 * DAY_S),
    Resolution("1d", DAY_S, 2 * 365 * DAY_S),
)


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """A resolution's name and the Unix second at which the bucket starts."""

    resolution: str
    start: int

    @property
    def expires_at(self) -> int:
        """Unix second at which Redis forgets it."""
        found = resolution(self.resolution)
        return self.start + found.seconds + found.retention_s


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


def fields(prediction: Prediction) -> tuple[str, str, str, str]:
    """The fields of a bucket that one post raises by one."""
    return (
        POSTS,
        SENTIMENT + prediction.sentiment.label,
        EMOTION + prediction.emotion.label,
        MODEL + prediction.model_version,
    )


def summed(posts: Iterable[Prediction]) -> dict[Bucket, Counter[str]]:
    """Counts of posts in the buckets of every resolution; the track is the caller's to choose."""
    finest = RESOLUTIONS[0]  # whose buckets lie whole in those of all others
    alike = Counter((bucket_start(post.created_at, finest), fields(post)) for post in posts)
    totals: dict[Bucket, Counter[str]] = {}
    for (start, raised), count in alike.items():
        for width in RESOLUTIONS:
            bucket = Bucket(width.name, bucket_start(start, width))
            counts = totals.setdefault(bucket, Counter())
            for name in raised:
                counts[name] += count
    return totals


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
        return f"{self._tagged(track)}:{bucket.resolution}:{bucket.start}"

    def fence(self, track: str) -> str:
        """Hash: source partition -> last offset counted in the track."""
        return f"{self._tagged(track)}:fence"

    def late_dropped(self, track: str) -> str:
        """Hash: resolution -> posts that came after their bucket had expired."""
        return f"{self._tagged(track)}:late_dropped"

    def index(self, track: str) -> str:
        """Sorted set: `<resolution>:<start>` of the buckets, scored by their expiry."""
        return f"{self._tagged(track)}:buckets"

    def _tagged(self, track: str) -> str:
        if not track or not set(track).isdisjoint("{}"):
            raise ValueError(f"track {track!r} is empty or holds a brace: it cannot be a hash tag")
        return f"{self.namespace}:{{{track}}}"
