"""What a run makes of a corpus's texts before it begins: token vectors and, if asked for, trees."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer

from models.card import shipped_checkpoint
from models.encoder_input import MAX_TOKENS
from models.systems import reads_dependencies
from models.systems.dependencies import WordPieces, with_dependencies
from models.systems.dependency_parser import Trees
from models.text_encoder import load_base_encoder, load_text_encoder
from models.training.config import TrainingConfig
from models.training.corpus import Corpus
from models.training.text_features import Encoder, TextFeatures, with_text_features
from models.tuning.encoders import TOKENIZER_FILE, encoder_folder

Progress = Callable[[str, int, int], None]
"""Told what is made, how many are done, and how many there are."""


def encoder_checkpoint(config: TrainingConfig) -> Path | None:
    """Folder of the checkpoint whose text encoder a configuration asks for; None: the published."""
    if config.text_encoder == "base":
        return None
    return shipped_checkpoint() if config.text_encoder == "shipped" else Path(config.text_encoder)


def configured_encoder(config: TrainingConfig) -> Encoder:
    """The text encoder that a configuration asks for.

    Raises:
        CheckpointError: it names a folder that is no checkpoint.
        ModelError: the encoder cannot be loaded.
    """
    folder = encoder_checkpoint(config)
    return load_base_encoder() if folder is None else load_text_encoder(folder)


def featuriser(
    cache: Path,
    progress: Progress,
    encoder: Callable[[], Encoder],
    *,
    trees: bool = False,
) -> Callable[[Corpus], Corpus]:
    """What gives a corpus its text features.

    Args:
        cache: folder where both are kept by their texts.
        progress: told how it goes.
        encoder: makes the text encoder.
        trees: the system that reads them looks at dependency trees, so that texts are parsed.

    Returns:
        Takes a corpus as a reader gives it. The encoder is made at the first one.
    """
    made: list[TextFeatures] = []

    def featurise(corpus: Corpus) -> Corpus:
        if not made:
            made.append(
                TextFeatures(encoder(), cache, lambda *done: progress("text features", *done))
            )
        if trees:
            parsed = Trees(cache=cache, progress=lambda *done: progress("trees", *done))
            corpus = with_dependencies(corpus, parsed, _word_pieces(cache))
        return with_text_features(corpus, made[0])

    return featurise


def configured_featuriser(
    config: TrainingConfig, cache: Path, progress: Progress
) -> Callable[[Corpus], Corpus]:
    """What gives a corpus the text features that a configuration asks for; see `featuriser`."""
    encoder = partial(configured_encoder, config)
    trees = reads_dependencies(config.model.system, config.model.text_graph)
    return featuriser(cache, progress, encoder, trees=trees)


def _word_pieces(cache: Path) -> WordPieces:
    file = encoder_folder("minilm", cache) / TOKENIZER_FILE
    return WordPieces(Tokenizer.from_file(str(file)), MAX_TOKENS)
