"""From single posts to conversations by split. Not for what a row of a file means."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.training.corpus import SPLITS, Conversation, LabelledPost


@dataclass(frozen=True, slots=True)
class PlacedPost:
    """A post and where it belongs.

    Attributes:
        split: train, dev or test.
        conversation: its key; keys of two splits do not meet.
        place: orders the posts of a conversation; the same place twice keeps the order given.
    """

    split: str
    conversation: str
    place: int
    post: LabelledPost


def by_conversation(posts: Iterable[PlacedPost]) -> dict[str, list[Conversation]]:
    """Conversations of each split, in the order in which their first post was given."""
    found: dict[tuple[str, str], list[PlacedPost]] = {}
    for placed in posts:
        found.setdefault((placed.split, placed.conversation), []).append(placed)
    splits: dict[str, list[Conversation]] = {name: [] for name in SPLITS}
    for (split, _), own in found.items():
        splits[split].append(
            [placed.post for placed in sorted(own, key=lambda placed: placed.place)]
        )
    return splits
