"""The shipped checkpoint: what its card claims, and plain sentences it has to get right."""

import numpy as np
import pytest

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.schemas.scoring import Score, WindowRequest
from models.card import read_card, shipped_checkpoint
from models.engine import load_engine
from models.text_encoder import load_text_encoder

SENTENCES = (
    ("I love this so much, thank you!", "positive", "happy"),
    ("This is wonderful news, I'm so happy for you!", "positive", "happy"),
    ("That was the best day ever!", "positive", "happy"),
    ("What a great job, congratulations!", "positive", "happy"),
    ("This is terrible, I hate it.", "negative", None),
    ("I'm so sad that she is gone.", "negative", "sad"),
    ("Get out of my house right now! I'm furious with you!", "negative", "angry"),
    ("You ruined everything, you idiot!", "negative", "angry"),
    ("Leave me alone, I'm so angry at you!", "negative", "angry"),
    ("How dare you lie to me!", "negative", "angry"),
)


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    engine = load_engine(device="cpu", threads=1)
    texts = load_text_encoder().encode([text for text, _, _ in SENTENCES])
    records = engine.encode([{"text": tokens.astype(np.float32)} for tokens in texts])
    return [own for (own,) in engine.score([WindowRequest([record], (0,)) for record in records])]


@pytest.mark.parametrize(
    "split",
    [f"{data}.{split}" for data in ("meld", "goemotions", "csmv") for split in ("dev", "test")],
)
@pytest.mark.parametrize("task", ["sentiment", "emotion"])
def test_the_card_is_better_than_the_majority_class(split: str, task: str) -> None:
    metrics = read_card(shipped_checkpoint()).metrics
    majority = metrics[f"{split}_majority"][task]
    for measure in ("weighted_f1", "macro_f1"):
        assert metrics[split][task][measure] > majority[measure] + 0.1


def test_the_card_names_its_data_and_their_licence() -> None:
    card = read_card(shipped_checkpoint())
    assert card.config.preset == "stream"
    assert card.training.data == "MELD, GoEmotions, CSMV"
    for licence in ("GPL-3.0", "Apache-2.0", "CC BY-SA 4.0"):
        assert licence in card.training.licence


def test_encoder_and_network_are_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in shipped_checkpoint().iterdir()) <= 60_000_000


def test_most_plain_sentences_get_their_sentiment(scores: list[Score]) -> None:
    right = sum(
        SENTIMENTS[int(np.argmax(own.sentiment))] == wanted
        for own, (_, wanted, _) in zip(scores, SENTENCES, strict=True)
    )
    assert right >= 8


def test_most_plain_sentences_get_their_emotion(scores: list[Score]) -> None:
    told = [(own, wanted) for own, (_, _, wanted) in zip(scores, SENTENCES, strict=True) if wanted]
    right = sum(EMOTIONS[int(np.argmax(own.emotion))] == wanted for own, wanted in told)
    assert right >= 6
