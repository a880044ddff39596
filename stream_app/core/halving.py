"""Halves a batch that fails until the post that breaks the model stands alone.

It knows no model: whoever calls it hands in the attempt, and a probe that tells a broken model from
a poison post.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Post = TypeVar("Post")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PoisonPost:
    """The model failed on this post alone, for this reason."""

    detail: str


class ModelBroken(Exception):  # noqa: N818 - a state of the model, met with an exit
    """The model fails even on a post that it must be able to take."""


def each_or_poison(
    posts: Sequence[Post],
    attempt: Callable[[Sequence[Post]], Sequence[Result]],
    probe: Callable[[], object],
) -> list[Result | PoisonPost]:
    """Results of posts in order, where a post that breaks the model costs no other its own.

    Args:
        posts: any number.
        attempt: gives a result for each of the posts it is handed, or raises and has no effect.
        probe: raises if the model fails on a post that it must be able to take.

    Raises:
        ModelBroken: not the posts but the model is at fault.
    """
    if not posts:
        return []
    try:
        return list(attempt(posts))
    except Exception as error:  # noqa: BLE001 - the edge where a batch is caught
        if len(posts) == 1:
            return [_alone(posts, attempt, probe, error)]
    middle = len(posts) // 2
    halves = (posts[:middle], posts[middle:])
    return [result for half in halves for result in each_or_poison(half, attempt, probe)]


def _alone(
    post: Sequence[Post],
    attempt: Callable[[Sequence[Post]], Sequence[Result]],
    probe: Callable[[], object],
    error: Exception,
) -> Result | PoisonPost:
    """Poison is what the model fails on again: it may have failed for another reason."""
    try:
        probe()
    except Exception as broken:  # noqa: BLE001 - whatever it is, the model is at fault
        raise ModelBroken(f"the model fails on every post: {broken}") from error
    try:
        (result,) = attempt(post)
    except Exception as again:  # noqa: BLE001 - the edge where a post is given up
        return PoisonPost(detail=f"{type(again).__name__}: {again}"[:300])
    return result
