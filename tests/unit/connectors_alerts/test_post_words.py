"""Counting the words of long posts leaves the watch's event loop to others."""

from connectors.alerts.post_words import words_of
from connectors.alerts.words import READ, Spoken
from tests.unit.connectors_alerts.turns import turns_taken


async def test_the_watch_goes_on_while_words_are_counted() -> None:
    text = " ".join(f"w{word}" for word in range(READ))[:READ]
    said = [(Spoken(text, at), at % 2 == 0) for at in range(50)]
    async with turns_taken() as turns:
        counted = await words_of(said)
    assert (counted.posts, counted.labelled) == (50, 25)
    assert turns.taken > 10
