"""Bytes of media to the features of one modality. Runs in a decoder's process.

Not for where the bytes come from, nor for limits on time and memory: `process` sets those.
"""

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.measures import audio_features
from connectors.extraction.audio.sound import decode_sound
from connectors.extraction.decoding.protocol import Decoding
from connectors.extraction.ffmpeg.sound_track import decode_sound_track
from connectors.extraction.visual.descriptor import visual_features
from connectors.extraction.visual.films import decode_film
from connectors.extraction.visual.pictures import decode_picture


def measured(decoding: Decoding, data: bytes) -> NDArray[np.float32]:
    """Decode and measure.

    Returns:
        float32, all finite: audio and sound_of_video [1, 8], image [1, 35], video [1 to 32, 35].

    Raises:
        MediaError: it gives no features.
    """
    match decoding:
        case "audio":
            return audio_features(decode_sound(data))
        case "image":
            return visual_features([decode_picture(data)])
        case "video":
            return visual_features(decode_film(data))
        case "sound_of_video":
            return audio_features(decode_sound_track(data))
