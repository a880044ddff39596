"""From an encoder under the network to what is served: an int8 encoder, and the network on it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models.card import TextEncoderCard
from models.encoder_export import export_encoder
from models.errors import ModelError
from models.systems.tmsam import TmsamSystem
from models.text_encoder import load_written_encoder
from models.training.config import TrainingConfig
from models.training.sources import Source
from models.training.text_features import TextFeatures, with_text_features
from models.tuning.encoders import TOKENIZER_FILE, encoder_folder
from models.tuning.system import TunedSystem

_COMPARED_TEXTS = 500


def served_form(
    system: TunedSystem,
    sources: Sequence[Source],
    config: TrainingConfig,
    folder: Path,
    cache: Path,
) -> tuple[TmsamSystem, TextEncoderCard, list[Source]]:
    """Write the encoder as it is served, and what is judged and kept.

    Args:
        system: with the network.
        sources: it was trained on.
        config: of its training.
        folder: gets `text_encoder.onnx` and `tokenizer.json`.
        cache: where encoders are unpacked.

    Returns:
        The network over text features; the encoder's card; and the sources, the texts of their
        splits dev and test as features from the encoder as written, so that figures are of that.

    Raises:
        ModelError: the system has no network.
    """
    if system.network is None or config.tuning is None:
        raise ModelError("an encoder without the network is not served")
    name = config.tuning.encoder
    texts = [post.text for own in sources[0].corpus.splits["dev"] for post in own if post.text]
    export = export_encoder(
        system.encoder,
        encoder_folder(name, cache) / TOKENIZER_FILE,
        folder,
        f"{name}-tuned",
        texts=texts[:_COMPARED_TEXTS],
    )
    network = TmsamSystem(system.config)
    network.network.load_state_dict(system.network.state_dict())
    features = TextFeatures(load_written_encoder(folder, export.card))
    return network.eval(), export.card, [_encoded(source, features) for source in sources]


def _encoded(source: Source, features: TextFeatures) -> Source:
    splits = {name: source.corpus.splits[name] for name in ("dev", "test")}
    encoded = with_text_features(replace(source.corpus, splits=splits), features)
    return replace(
        source, corpus=replace(encoded, splits={**source.corpus.splits, **encoded.splits})
    )
