"""The data sets of a run: read, cut to size, given text features, and held to each other.

Not for what a file holds: that is a reader of `models.training.data`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from models.errors import TrainingDataError
from models.training.config import DataSource, SourceKind, Task, TrainingConfig
from models.training.corpus import NO_LABEL, SPLITS, Conversation, Corpus, Tensors
from models.training.data.csmv import read_csmv
from models.training.data.goemotions import read_goemotions
from models.training.data.meld import read_meld
from models.training.data.meld_official import read_meld_official
from models.training.data.mosi import read_mosi

Reader = Callable[[Path, Path | None], Corpus]


@dataclass(frozen=True, slots=True)
class Source:
    """One data set in a run.

    Attributes:
        name: what the run calls it.
        corpus: its conversations.
        weight: passes over it in an epoch.
        batch: conversations a step.
        until: last epoch that trains on it; None: all do.
    """

    name: str
    corpus: Corpus
    weight: float
    batch: int
    until: int | None = None


def load_sources(
    config: TrainingConfig, featurise: Callable[[Corpus], Corpus] = lambda corpus: corpus
) -> list[Source]:
    """The data sets of a configuration.

    Args:
        config: whose sources have paths.
        featurise: gives a corpus its text features, after it was cut to size.

    Raises:
        TrainingDataError: a file is not what its reader needs, a split is empty, no post has a
            label that counts, or the features of two data sets differ in width.
    """
    sources = []
    for told in config.data.sources:
        corpus = read_source(told)
        for split in SPLITS:
            if not corpus.splits.get(split):
                raise TrainingDataError(f"{told.name}: no conversations in the split {split}")
        if told.max_posts is not None:
            corpus = with_sampled_train(corpus, told.max_posts, told.sample_seed)
        batch = told.batch or config.optimiser.batch
        sources.append(Source(told.name, featurise(corpus), told.weight, batch, told.until))
    _require_one_width(sources)
    _require_labels(sources, config.model.tasks)
    _require_validation(sources, config)
    return sources


def read_source(told: DataSource) -> Corpus:
    """The corpus of one source, as its reader gives it.

    Raises:
        TrainingDataError: it has no path, or the file is not what the reader needs.
    """
    if told.path is None:
        raise TrainingDataError(f"the source {told.name} has no path")
    return _READERS[told.kind](told.path, told.features)


def with_sampled_train(corpus: Corpus, max_posts: int, seed: int) -> Corpus:
    """The corpus with a part of its training split; dev and test stay whole.

    Args:
        corpus: left as it is.
        max_posts: most posts. Conversations stay whole; at least one is taken.
        seed: the same one takes the same conversations, and fewer posts a part of them.
    """
    train = corpus.splits["train"]
    chosen: list[int] = []
    posts = 0
    for index in np.random.default_rng(seed).permutation(len(train)).tolist():
        posts += len(train[index])
        if posts > max_posts and chosen:
            break
        chosen.append(index)
    taken: list[Conversation] = [train[index] for index in sorted(chosen)]
    return replace(corpus, splits={**corpus.splits, "train": taken})


def fingerprint(sources: Sequence[Source]) -> str:
    """A hash of all that training and validation see: labels, texts, features, teachers' logits."""
    digest = hashlib.blake2b(digest_size=32)
    for source in sources:
        for split in ("train", "dev"):
            for posts in source.corpus.splits[split]:
                rows = [(post.text, post.sentiment, post.emotion) for post in posts]
                digest.update(repr((source.name, split, rows)).encode())
                for post in posts:
                    _digest_arrays(digest, {**post.features, "teacher": post.teacher})
    return digest.hexdigest()


def _digest_arrays(digest: "hashlib.blake2b", arrays: Mapping[str, Tensors | None]) -> None:
    for name, own in arrays.items():
        if own is not None:
            digest.update(f"{name} {own.dtype} {own.shape}".encode())
            digest.update(np.ascontiguousarray(own).data)


def _require_one_width(sources: Sequence[Source]) -> None:
    first = sources[0]
    for other in sources[1:]:
        if other.corpus.widths != first.corpus.widths:
            raise TrainingDataError(
                f"text, audio and visual are {list(first.corpus.widths)} wide in {first.name}, "
                f"but {list(other.corpus.widths)} in {other.name}; train them apart"
            )


def _require_labels(sources: Sequence[Source], tasks: Sequence[Task]) -> None:
    for task in tasks:
        for split in ("train", "dev"):
            if any(
                getattr(post, task) != NO_LABEL
                for source in sources
                for posts in source.corpus.splits[split]
                for post in posts
            ):
                continue
            raise TrainingDataError(
                f"no post of the split {split} has a label for {task}; "
                f"leave it out of model.tasks or add data that have it"
            )


def _require_validation(sources: Sequence[Source], config: TrainingConfig) -> None:
    name = config.validation.source
    for source in sources:
        dev = (post for posts in source.corpus.splits["dev"] for post in posts)
        if source.name == name and not any(
            getattr(post, task) != NO_LABEL for post in dev for task in config.model.tasks
        ):
            raise TrainingDataError(
                f"validation.source is {name}, whose split dev has no label for "
                f"{' or '.join(config.model.tasks)}; let another source decide"
            )


def _read_mosi(path: Path, features: Path | None) -> Corpus:
    if features is None:
        raise TrainingDataError(f"{path}: MOSI needs its features; give the path of their npz")
    return read_mosi(path, features)


_READERS: Final[dict[SourceKind, Reader]] = {
    "meld": read_meld,
    "meld_official": lambda path, _: read_meld_official(path),
    "goemotions": lambda path, _: read_goemotions(path),
    "csmv": lambda path, _: read_csmv(path),
    "mosi": _read_mosi,
}
