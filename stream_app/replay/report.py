"""The figures of a replay: what `report.json` holds. Not for their wording: `wording`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from connectors.prevalence.quantifier import Quantifier
from connectors.trends.layout import Bucket, resolution
from stream_app.replay.agreement import (
    PostAgreement,
    ShareAgreement,
    TrackAgreement,
    compare_posts,
    compare_shares,
    compare_tracks,
)
from stream_app.replay.comments import Comment
from stream_app.replay.correction import Corrected, correct_tracks
from stream_app.replay.run import Replayed, ReplayOptions
from stream_app.replay.timeline import SPREAD_S, original_span
from stream_app.trial.latency import SentPost
from stream_app.trial.tally import Judgement, SentCounts, judge


@dataclass(frozen=True, slots=True)
class Played:
    """What was played.

    Attributes:
        file: name of the file.
        splits: values of `video_split` taken.
        unlabelled: comments without an opinion; sent, not compared.
        without_time: comments of videos without a time; put at the beginning.
        original_from, original_until: the file's time axis, ISO 8601 in UTC.
        span_s: length of the new axis, which ends at the replay.
        spread_s: over how long the comments of a video were spread, on the file's axis.
        scale: seconds of the file in a second of the new axis.
    """

    file: str
    splits: Sequence[str]
    comments: int
    videos: int
    tracks: int
    unlabelled: int
    without_time: int
    original_from: str
    original_until: str
    span_s: float
    spread_s: int
    scale: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of the posts.

    Attributes:
        scored: different posts with a prediction.
        counted: posts that Redis counts, over all tracks.
        lost: posts that are no dead letter and missing from their bucket.
        double_counted: posts that a bucket has too many.
        duplicate_predictions: predictions of a post that has one already; allowed.
        rejections: detail of dead letters -> how often, the ten most frequent.
    """

    sent: int
    scored: int
    dead_lettered: int
    counted: int
    lost: int
    double_counted: int
    duplicate_predictions: int
    rejections: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Recounted:
    """What `voxpop verify` says: buckets compared and counts that differ."""

    predictions: int
    tracks: int
    buckets: int
    differing: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it went.

    Attributes:
        encode_s: seconds to encode all texts, before the first post was sent.
        elapsed_s: seconds from the first post sent to the last one done.
        posts_per_s: posts by `elapsed_s`.
    """

    workers: int
    restarts: int
    encode_s: float
    elapsed_s: float
    posts_per_s: float


@dataclass(frozen=True, slots=True)
class Report:
    """A replay, judged.

    Attributes:
        corrected: the shares by a quantifier; None where none was given.
    """

    model_versions: Sequence[str]
    played: Played
    counted: Counted
    recounted: Recounted
    pace: Pace
    posts: PostAgreement
    shares: ShareAgreement
    tracks: Sequence[TrackAgreement]
    corrected: Corrected | None = None

    @property
    def is_clean(self) -> bool:
        """Whether every post is accounted for and the recount agrees."""
        counted = self.counted
        return (
            not counted.lost
            and not counted.double_counted
            and counted.scored + counted.dead_lettered == counted.sent
            and not self.recounted.differing
        )

    def as_json(self) -> dict[str, object]:
        """The figures by name."""
        tracks = [
            {**asdict(track), "errors": track.errors, "mean_error": track.mean_error}
            for track in self.tracks
        ]
        return {**asdict(self), "tracks": tracks, "is_clean": self.is_clean}


def make_report(
    replayed: Replayed,
    file: str,
    splits: Sequence[str],
    options: ReplayOptions,
    quantifier: Quantifier | None = None,
) -> Report:
    """Judge a replay.

    Args:
        replayed: what it left behind.
        file: name of the file that was played.
        splits: values of `video_split` that were taken.
        options: how it was played.
        quantifier: of the model that scored; corrects the shares.

    Raises:
        ValueError: nothing can be compared: no labelled comment was scored.
    """
    comments = replayed.comments
    tracks = compare_tracks(
        comments, {track: series.total.sentiment for track, series in replayed.series.items()}
    )
    verification = replayed.verification
    return Report(
        model_versions=sorted(replayed.written.model_versions),
        played=_played(comments, file, splits, options.span_s),
        counted=_counted(replayed),
        recounted=Recounted(
            verification.predictions,
            verification.tracks,
            verification.buckets,
            verification.differing,
        ),
        pace=Pace(
            workers=options.workers,
            restarts=replayed.restarts,
            encode_s=round(replayed.encode_s, 1),
            elapsed_s=round(replayed.elapsed_s, 1),
            posts_per_s=round(len(comments) / replayed.elapsed_s, 1),
        ),
        posts=compare_posts(comments, replayed.written.sentiments),
        shares=compare_shares(tracks),
        tracks=tracks,
        corrected=None
        if quantifier is None
        else correct_tracks(quantifier, comments, replayed.written.probabilities, tracks),
    )


def _played(comments: Sequence[Comment], file: str, splits: Sequence[str], span_s: float) -> Played:
    first, last = original_span(comments)
    return Played(
        file=file,
        splits=list(splits),
        comments=len(comments),
        videos=len({comment.conversation_id for comment in comments}),
        tracks=len({comment.track for comment in comments}),
        unlabelled=sum(comment.opinion is None for comment in comments),
        without_time=sum(not comment.video_at for comment in comments),
        original_from=datetime.fromtimestamp(first, UTC).isoformat(),
        original_until=datetime.fromtimestamp(last, UTC).isoformat(),
        span_s=span_s,
        spread_s=SPREAD_S,
        scale=(last - first) / span_s,
    )


def _counted(replayed: Replayed) -> Counted:
    written = replayed.written
    judgement = _judge(replayed)
    return Counted(
        sent=len(replayed.comments),
        scored=len(written.sentiments),
        dead_lettered=len(written.rejected),
        counted=judgement.counted,
        lost=judgement.lost,
        double_counted=judgement.double_counted,
        duplicate_predictions=written.duplicates,
        rejections=dict(Counter(written.rejected.values()).most_common(10)),
    )


def _judge(replayed: Replayed) -> Judgement:
    """Compare bucket by bucket what was sent and not rejected with what Redis counts."""
    sent = SentCounts()
    for comment, at, place in zip(
        replayed.comments, replayed.times, replayed.deliveries, strict=True
    ):
        if (place.partition, place.offset) not in replayed.written.rejected:
            sent.add(SentPost(place.offset, place.partition, comment.track, place.append_ms, at))
    width = next(iter(replayed.series.values())).resolution
    found = {
        (track, Bucket(width, bucket.start)): bucket.posts
        for track, series in replayed.series.items()
        for bucket in series.buckets
    }
    return judge(sent.at(resolution(width)), found)
