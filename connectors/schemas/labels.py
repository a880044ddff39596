"""Names of the classes and modalities, in the order of every probability vector.

Not for thresholds or mappings of foreign label sets: those live with the data that needs them.
"""

from typing import Final

SENTIMENTS: Final = ("negative", "neutral", "positive")
EMOTIONS: Final = ("happy", "disgust", "sad", "fear", "surprise", "angry", "neutral")
MODALITIES: Final = ("text", "audio", "visual")
