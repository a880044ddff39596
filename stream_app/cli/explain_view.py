"""Draws an explanation in the terminal, 80 columns wide. Not for making one."""

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.schemas.post import DecodedPost
from models.explanation.explanation import Explanation, WordValue

BAR_WIDTH = 20
EXCERPT = 34
STRONGEST = 6  # words named with their values
NOTICEABLE = 0.05  # log odds
FOR, AGAINST = "green", "red"


def print_explanation(found: Explanation, posts: Sequence[DecodedPost], console: Console) -> None:
    """Print who carried the probability of a label, and how that was found.

    Args:
        found: the explanation.
        posts: the window that it is of, the explained post last.
        console: where to.
    """
    console.print(Text(f"{found.post_id} of {found.conversation_id}, {found.model_version}"))
    ordered = sorted(found.probabilities.items(), key=lambda each: -each[1])
    told = ", ".join(f"{label} {probability:.2f}" for label, probability in ordered)
    console.print(Text(f"{found.task}: {told}"), style="bold")
    console.print(
        Text(f"What speaks for {found.label}, or against it, in log odds: {found.log_odds:+.2f}")
    )
    console.print(_modalities(found))
    console.print(_posts(found, posts))
    if found.words:
        console.print(_coloured(posts[-1].text or "", found.words))
        console.print(_strongest(found.words), style="dim")
    else:
        console.print(f"No words: {found.without_words}.", style="yellow")
    console.print()
    for part, method in found.methods.items():
        complete = found.completeness[part]
        console.print(
            Text(
                f"{part}: {method.name}; they sum to {complete.difference - complete.gap:+.2f} of "
                f"{complete.difference:+.2f}"
            ),
            style="dim",
        )
    if "words" in found.completeness and abs(found.completeness["words"].gap) > NOTICEABLE:
        console.print(
            "The words do not add up: the post's features were not made from this text by this "
            "encoder, so its words explain another post.",
            style="yellow",
        )


def _modalities(found: Explanation) -> Table:
    table = _table("modality of the post")
    for own in found.modalities:
        table.add_row(own.modality, *_shared(own.share, own.signed))
    return table


def _posts(found: Explanation, posts: Sequence[DecodedPost]) -> Table:
    table = _table("post of the conversation")
    for own, post in zip(found.posts, posts, strict=True):
        text = " ".join((post.text or "").split())
        excerpt = text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"
        table.add_row(Text(excerpt or post.post_id), *_shared(own.share, own.signed))
    return table


def _table(title: str) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(title, width=EXCERPT, no_wrap=True)
    table.add_column("share", justify="right")
    table.add_column("", width=BAR_WIDTH, no_wrap=True)
    table.add_column("log odds", justify="right")
    return table


def _shared(share: float, signed: float) -> tuple[str, Text, Text]:
    style = FOR if signed > 0 else AGAINST
    bar = Text("█" * round(BAR_WIDTH * share), style=style)
    return f"{100 * share:.0f} %", bar, Text(f"{signed:+.2f}" if share else "", style=style)


def _coloured(text: str, words: Sequence[WordValue]) -> Text:
    """The text, its words the more coloured the more they count."""
    most = max(abs(word.value) for word in words) or 1.0
    drawn = Text(text)
    for word in words:
        size = abs(word.value) / most
        if size > 1 / 8:
            colour = FOR if word.value > 0 else AGAINST
            drawn.stylize(f"{'bold ' if size > 1 / 2 else ''}{colour}", word.start, word.end)
    return drawn


def _strongest(words: Sequence[WordValue]) -> Text:
    ordered = sorted(words, key=lambda word: -abs(word.value))[:STRONGEST]
    return Text(", ".join(f"{word.text} {word.value:+.2f}" for word in ordered))
