"""From the settings of a tuning to the system."""

from pathlib import Path

from models.presets import TmsamConfig
from models.tuning.encoders import load_encoder
from models.tuning.reading import Reader
from models.tuning.settings import TuningSettings
from models.tuning.system import TunedSystem


def tuned_system(
    tuning: TuningSettings, config: TmsamConfig, folder: Path, pretrained: bool = True
) -> TunedSystem:
    """The encoder of a folder and what stands on it, fresh.

    Args:
        tuning: how it reads, and whether the network stands on it.
        config: of the network; its text width is the encoder's.
        folder: as `encoders.encoder_folder` gives it; its tokenizer opens a sequence by its first
            special token and ends a post by its last.
        pretrained: take the folder's weights; else fresh ones, to be loaded.

    Raises:
        ModelError: the folder does not hold an encoder.
    """
    encoder = load_encoder(folder, tuning.dropout, pretrained)
    special = encoder.tokenizer.encode("").ids
    reader = Reader(
        encoder.tokenizer, tuning.reading, special[0], special[-1], encoder.padding, tuning.context
    )
    half = tuning.precision == "bfloat16"
    return TunedSystem(config, encoder.model, reader, tuning.network, half)
