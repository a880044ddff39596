"""Names of the classes and modalities, in the order of every probability vector.

Not for thresholds or mappings of foreign label sets: those live with the data that needs them.
"""

from typing import Final, Literal

Sentiment = Literal["negative", "neutral", "positive"]
Emotion = Literal["happy", "disgust", "sad", "fear", "surprise", "angry", "neutral"]

SENTIMENTS: Final[tuple[Sentiment, ...]] = ("negative", "neutral", "positive")
EMOTIONS: Final[tuple[Emotion, ...]] = (
    "happy",
    "disgust",
    "sad",
    "fear",
    "surprise",
    "angry",
    "neutral",
)
MODALITIES: Final = ("text", "audio", "visual")
