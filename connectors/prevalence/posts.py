"""What estimates start from: labelled posts to fit on, and windows of posts to estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.prevalence.errors import EmptyWindowError, ShapeError

Array = NDArray[np.float64]
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class LabelledPosts:
    """Posts with their labels and what the classifier said of them; never ones it trained on.

    Attributes:
        truth: [M], true class.
        posteriors: [M, C], the classifier's probabilities.
        tracks: [M], the track of each post; "" where it has none.
        conversations: [M], posts with the same number are not independent of each other; numbers
            ascend with the time at which a conversation began.

    Raises:
        ShapeError: lengths differ, a class is not in [0, C), or a row is no distribution.
    """

    truth: NDArray[np.int64]
    posteriors: Array
    tracks: NDArray[np.str_]
    conversations: NDArray[np.int64]

    def __post_init__(self) -> None:
        check_posteriors(self.posteriors)
        posts, classes = self.posteriors.shape
        lengths = {len(self.truth), len(self.tracks), len(self.conversations)}
        if lengths != {posts}:
            raise ShapeError(
                f"{posts} posts with posteriors, but {len(self.truth)} labels, {len(self.tracks)} "
                f"tracks and {len(self.conversations)} conversations"
            )
        if posts and not (self.truth.min() >= 0 and self.truth.max() < classes):
            raise ShapeError(f"labels must be classes from 0 to {classes - 1}: leave others out")

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def classes(self) -> int:
        """C."""
        return int(self.posteriors.shape[1])

    def where(self, chosen: NDArray[np.bool_]) -> "LabelledPosts":
        """Only the posts that [M] marks."""
        return LabelledPosts(
            self.truth[chosen],
            self.posteriors[chosen],
            self.tracks[chosen],
            self.conversations[chosen],
        )

    def track_names(self) -> list[str]:
        """The tracks by name, without ""."""
        return sorted({str(name) for name in self.tracks} - {""})

    def labelled_shares(self) -> Array:
        """Share of each true class, [C].

        Raises:
            EmptyWindowError: there is no post.
        """
        if not len(self):
            raise EmptyWindowError("no labelled posts: nothing is known of the shares")
        shares: Array = np.bincount(self.truth, minlength=self.classes) / len(self)
        return shares


@dataclass(frozen=True, slots=True)
class Window:
    """What is kept of the posts whose shares are asked for.

    Attributes:
        counts: [C], posts by most probable class.
        summed: [C], the posts' probabilities added up; sums to their number.
        posteriors: [M, C] where they are kept; only expectation maximisation needs them.

    Raises:
        EmptyWindowError: no post.
        ShapeError: a shape, sum or value that cannot be.
    """

    counts: NDArray[np.int64]
    summed: Array
    posteriors: Array | None = None

    def __post_init__(self) -> None:
        if self.counts.ndim != 1 or self.counts.shape != self.summed.shape:
            raise ShapeError(
                f"counts {self.counts.shape} and summed probabilities {self.summed.shape} must "
                "both have one value a class"
            )
        if (self.counts < 0).any() or not (self.summed >= 0).all():
            raise ShapeError("counts and summed probabilities are at least 0")
        if not self.posts:
            raise EmptyWindowError("no posts in the window: its shares are unknown")
        if abs(self.summed.sum() - self.posts) > _SUM_TOLERANCE * self.posts:
            raise ShapeError(
                f"the summed probabilities of {self.posts} posts sum to {self.summed.sum():g}"
            )
        if self.posteriors is not None and self.posteriors.shape != (self.posts, len(self.counts)):
            raise ShapeError(
                f"posteriors {self.posteriors.shape} of {self.posts} posts, {len(self.counts)} "
                "classes"
            )

    @property
    def posts(self) -> int:
        """How many there are."""
        return int(self.counts.sum())

    @classmethod
    def of(cls, posteriors: Array) -> "Window":
        """The window of these posts, [M, C].

        Raises:
            EmptyWindowError: no post.
            ShapeError: a row is no distribution.
        """
        check_posteriors(posteriors)
        classes = posteriors.shape[1]
        counts = np.bincount(posteriors.argmax(axis=1), minlength=classes)
        return cls(counts, posteriors.sum(axis=0), posteriors)


def check_posteriors(posteriors: Array) -> None:
    """Raise ShapeError unless [M, C] holds a distribution a row."""
    if posteriors.ndim != 2 or posteriors.shape[1] < 2:
        raise ShapeError(f"posteriors are [posts, classes], not {posteriors.shape}")
    if not (posteriors >= 0).all():
        raise ShapeError("posteriors hold a value that is negative or NaN")
    if (np.abs(posteriors.sum(axis=1) - 1.0) > _SUM_TOLERANCE).any():
        raise ShapeError("posteriors of a post sum to 1: give probabilities, not logits")


def shares_of(values: NDArray[np.int64] | Array | Sequence[int]) -> Array:
    """Counts or sums [C] by their sum.

    Raises:
        EmptyWindowError: they sum to 0.
        ShapeError: not one value a class, or one below 0 or not a number.
    """
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not (found >= 0).all():
        raise ShapeError(f"one value of at least 0 a class is needed, not {found.tolist()}")
    if not found.sum():
        raise EmptyWindowError("no posts in the window: its shares are unknown")
    shares: Array = found / found.sum()
    return shares
