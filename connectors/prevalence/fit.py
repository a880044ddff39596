"""What a classifier confuses, counted on validation posts. Not for applying it: `estimators`."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.prevalence.errors import MissingClassError, ShapeError
from connectors.prevalence.posts import Array, LabelledPosts

FEWEST_POSTS: Final = 2  # of a class, for its posteriors to have a variance
_SUM_TOLERANCE: Final = 1e-3

Rows = tuple[tuple[float, ...], ...]


class QuantifierFit(BaseModel):
    """The confusion of a classifier, and what its posteriors assume of the classes' shares.

    Rates are properties of the classifier as long as posts of a class look alike everywhere: only
    the classes' shares may change ("prior shift"). `tracks` measures how far that fails.

    Attributes:
        labels: names of the C classes.
        model_version: of the classifier; its figures are no other's.
        confusion: [C, C], validation posts by true class (row) and most probable class (column).
        soft: [C, C], mean posterior of the posts of each true class.
        soft_covariance: [C, C, C], covariance of those posteriors within each true class.
        prior: [C], shares of the classes for which the posteriors are calibrated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    labels: tuple[str, ...] = Field(min_length=2)
    model_version: str = Field(min_length=1)
    confusion: tuple[tuple[int, ...], ...]
    soft: Rows
    soft_covariance: tuple[Rows, ...]
    prior: tuple[float, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> "QuantifierFit":
        size = len(self.labels)
        for name, array, shape in (
            ("confusion", self.confusion, (size, size)),
            ("soft", self.soft, (size, size)),
            ("soft_covariance", self.soft_covariance, (size, size, size)),
            ("prior", self.prior, (size,)),
        ):
            if _shape(array) != shape or not np.isfinite(np.asarray(array, np.float64)).all():
                raise ValueError(f"{name} must be finite numbers of shape {shape}")
        if min(map(min, self.confusion)) < 0 or min(map(sum, self.confusion)) == 0:
            raise ValueError("confusion must count posts of every class")
        for name, rows in (("soft", self.soft), ("prior", (self.prior,))):
            table = np.asarray(rows)
            if (table < 0).any() or (np.abs(table.sum(axis=1) - 1.0) > _SUM_TOLERANCE).any():
                raise ValueError(f"{name} must be distributions")
        return self

    @property
    def classes(self) -> int:
        """C."""
        return len(self.labels)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """`confusion` as an array, [C, C]."""
        return np.asarray(self.confusion, np.int64)

    @cached_property
    def posts_by_class(self) -> NDArray[np.int64]:
        """Validation posts of each true class, [C]."""
        posts: NDArray[np.int64] = self.counts.sum(axis=1)
        return posts

    @cached_property
    def hard_rates(self) -> Array:
        """P(most probable class | true class), [C, C], a row a true class."""
        rates: Array = self.counts / self.posts_by_class[:, None]
        return rates

    @cached_property
    def soft_rates(self) -> Array:
        """E(posterior | true class), [C, C], a row a true class."""
        return np.asarray(self.soft, np.float64)

    @cached_property
    def soft_covariances(self) -> Array:
        """`soft_covariance` as an array, [C, C, C]."""
        return np.asarray(self.soft_covariance, np.float64)

    @cached_property
    def prior_shares(self) -> Array:
        """`prior` as an array, [C]."""
        return np.asarray(self.prior, np.float64)


def fit_quantifier(
    posts: LabelledPosts,
    labels: Sequence[str],
    model_version: str,
    prior: Sequence[float] | None = None,
) -> QuantifierFit:
    """Count what a classifier confuses.

    Args:
        posts: of a validation split: neither trained on nor tested.
        labels: names of the classes.
        model_version: of the classifier.
        prior: shares for which the posteriors are calibrated; those of `posts` where None, which
            is right for a classifier calibrated on them.

    Raises:
        MissingClassError: a class has fewer than two posts; names it.
        ShapeError: not as many labels as the posteriors have classes.
    """
    classes = len(labels)
    if posts.classes != classes:
        raise ShapeError(f"{classes} labels, but posteriors of {posts.classes} classes")
    by_class = np.bincount(posts.truth, minlength=classes)
    rare = [str(label) for label, n in zip(labels, by_class, strict=True) if n < FEWEST_POSTS]
    if rare:
        raise MissingClassError(
            f"the validation posts hold fewer than {FEWEST_POSTS} of class {', '.join(rare)}: "
            "fit on more posts"
        )
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (posts.truth, posts.posteriors.argmax(axis=1)), 1)
    own = [posts.posteriors[posts.truth == label] for label in range(classes)]
    return QuantifierFit(
        labels=tuple(labels),
        model_version=model_version,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        soft=_rows(np.stack([rows.mean(axis=0) for rows in own])),
        soft_covariance=tuple(_rows(np.cov(rows, rowvar=False)) for rows in own),
        prior=tuple(posts.labelled_shares().tolist() if prior is None else map(float, prior)),
    )


def _rows(array: Array) -> Rows:
    return tuple(tuple(row) for row in array.tolist())


def _shape(nested: object) -> tuple[int, ...] | None:
    """Of nested tuples; None where rows differ in length."""
    try:
        return np.asarray(nested, np.float64).shape
    except ValueError:
        return None
