"""How far the trends of Redis and the predictions agree with the labels. Pure.

Trends are compared by track, as shares of negative, neutral and positive posts; predictions post
by post. Not for whether every post was counted: `tally` judges that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import SENTIMENTS
from models.evaluation.metrics import measures
from stream_app.replay.comments import Comment

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TrackAgreement:
    """One track: its labels beside its trend.

    Attributes:
        labelled_posts: comments with a label.
        counted_posts: posts of the trend.
        labelled: sentiment -> share among the labelled comments.
        predicted: sentiment -> share in the trend.
    """

    track: str
    labelled_posts: int
    counted_posts: int
    labelled: Shares
    predicted: Shares

    @property
    def errors(self) -> dict[str, float]:
        """Sentiment -> absolute error of the share."""
        return {label: abs(self.predicted[label] - self.labelled[label]) for label in SENTIMENTS}

    @property
    def mean_error(self) -> float:
        """Mean absolute error over the sentiments."""
        return sum(self.errors.values()) / len(SENTIMENTS)


@dataclass(frozen=True, slots=True)
class ShareAgreement:
    """All tracks together; a track counts once, however many posts it has.

    Attributes:
        mean_error: sentiment -> mean absolute error over tracks, and `all` over both.
        constant_error: the same if every track were given the labelled shares of all comments
            together: what is reached without telling tracks apart.
        pearson: sentiment -> correlation of predicted and labelled shares over tracks, and `all`
            over tracks and sentiments, which the sentiments' different frequencies alone raise;
            None where one side does not vary.
    """

    mean_error: Shares
    constant_error: Shares
    pearson: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class PostAgreement:
    """Predictions beside labels, post by post.

    Attributes:
        posts: labelled comments that have a prediction.
        model: measure -> value, those of `models.evaluation.metrics`.
        majority: the same for always answering the most frequent label.
        majority_label: that label.
        confusion: label -> predicted label -> posts.
    """

    posts: int
    model: Mapping[str, float]
    majority: Mapping[str, float]
    majority_label: str
    confusion: Mapping[str, Mapping[str, int]]


def compare_tracks(
    comments: Sequence[Comment], counted: Mapping[str, Mapping[str, int]]
) -> list[TrackAgreement]:
    """Tracks with a label and a counted post, by name.

    Args:
        comments: with their labels.
        counted: track -> sentiment -> posts of the trend.
    """
    labels: dict[str, Counter[str]] = {}
    for comment in comments:
        if comment.opinion is not None:
            labels.setdefault(comment.track, Counter())[comment.opinion] += 1
    return [
        TrackAgreement(
            track=track,
            labelled_posts=labels[track].total(),
            counted_posts=sum(counted[track].values()),
            labelled=shares(labels[track]),
            predicted=shares(counted[track]),
        )
        for track in sorted(labels)
        if sum(counted.get(track, {}).values())
    ]


def compare_shares(tracks: Sequence[TrackAgreement]) -> ShareAgreement:
    """The tracks together.

    Args:
        tracks: at least one.
    """
    labelled = np.array([[track.labelled[label] for label in SENTIMENTS] for track in tracks])
    predicted = np.array([[track.predicted[label] for label in SENTIMENTS] for track in tracks])
    posts = np.array([track.labelled_posts for track in tracks])  # [T]
    overall = posts @ labelled / posts.sum()  # [3]
    return ShareAgreement(
        mean_error=_with_all(np.abs(predicted - labelled)),
        constant_error=_with_all(np.abs(overall - labelled)),
        pearson={
            **{
                label: pearson(labelled[:, column], predicted[:, column])
                for column, label in enumerate(SENTIMENTS)
            },
            "all": pearson(labelled.ravel(), predicted.ravel()),
        },
    )


def compare_posts(comments: Sequence[Comment], predicted: Mapping[str, str]) -> PostAgreement:
    """Predictions against labels.

    Args:
        comments: with their labels.
        predicted: post id -> most probable sentiment; a comment without one is left out.

    Raises:
        ValueError: no labelled comment has a prediction.
    """
    pairs = [
        (comment.opinion, predicted[comment.post_id])
        for comment in comments
        if comment.opinion is not None and comment.post_id in predicted
    ]
    truth = [SENTIMENTS.index(label) for label, _ in pairs]
    guesses = [SENTIMENTS.index(label) for _, label in pairs]
    model = measures(truth, guesses, len(SENTIMENTS))
    majority = Counter(truth).most_common(1)[0][0]
    table = Counter(pairs)
    return PostAgreement(
        posts=len(pairs),
        model=model,
        majority=measures(truth, [majority] * len(truth), len(SENTIMENTS)),
        majority_label=SENTIMENTS[majority],
        confusion={
            label: {guess: table[label, guess] for guess in SENTIMENTS} for label in SENTIMENTS
        },
    )


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Sentiment -> share of counts that are not all 0."""
    total = sum(counts.values())
    return {label: counts.get(label, 0) / total for label in SENTIMENTS}


def pearson(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Pearson's correlation of two series; None where it is not defined.

    Args:
        first: [T]; undefined for fewer than two values, or where one side is constant.
        second: [T].
    """
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _with_all(errors: NDArray[np.float64]) -> dict[str, float]:
    """Means of [T, 3] by sentiment and over all."""
    means = errors.mean(axis=0)
    by_label: dict[str, float] = {
        label: float(mean) for label, mean in zip(SENTIMENTS, means, strict=True)
    }
    return {**by_label, "all": float(errors.mean())}
