"""Explains a scored post: which modality, which post of its window and which words carried it.

All three by Shapley values of the label's log odds (docs/decisions/0013-explanations.md). Not for
judging explanations: that is `faithfulness`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from connectors.schemas.post import DecodedPost
from models.card import CheckpointCard, shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.device import DeviceName, choose_device, use_threads
from models.errors import ModelError
from models.explanation.explanation import (
    Completeness,
    Explanation,
    Method,
    ModalityShare,
    Part,
    PostShare,
    WordValue,
)
from models.explanation.games import Encoder
from models.explanation.oracle import LABELS, Oracle, Question, Task
from models.explanation.shapley import EXACT_UP_TO, shapley_values, shares
from models.explanation.subject import Subject, make_subject
from models.explanation.window import PostWindow
from models.records import STAMP_BYTES, unpack_records
from models.text_encoder import load_text_encoder
from models.tmsam import Tmsam

PERMUTATIONS: Final = 16
_TAKEN_AWAY: Final[dict[Part, str]] = {
    "modalities": "one of the post is replaced by the network's vector for a missing one",
    "posts": "one before is cut from the window, the post itself loses all its modalities",
    "words": "one is cut from the text, which is encoded anew; without any there is no text",
}
_EXACT_SOURCE: Final = "Shapley 1953; Lundberg & Lee 2017, NeurIPS"
_SAMPLED_SOURCE: Final = f"{_EXACT_SOURCE}; Castro et al. 2009; Mitchell et al. 2022, JMLR"

Values = dict[Part, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class _Names:
    """What a window's conversation and posts are called."""

    conversation: str
    posts: Sequence[str]


class Explainer:
    """Explains posts by one checkpoint.

    Args:
        oracle: asks the network.
        encoder: makes the text features that the network reads.
        card: of the checkpoint.

    Attributes:
        oracle: as given.
        encoder: as given.
        feature_set: `name@version` of the tensors that the network reads.
    """

    def __init__(self, oracle: Oracle, encoder: Encoder, card: CheckpointCard) -> None:
        self.encoder = encoder
        self.feature_set = card.feature_set
        self.oracle = oracle
        self._version = card.version
        self._tasks = card.training.tasks
        self._stamp = card.records_identity[:STAMP_BYTES]

    def explain(
        self, posts: Sequence[DecodedPost], task: Task, label: str | None = None
    ) -> Explanation:
        """Why the last of the posts got the probability of a label.

        Args:
            posts: the window as it was scored, oldest first, the explained post last.
            task: whose label.
            label: None: the most probable one.

        Returns:
            The shares of modalities, posts and words, and whether they add up.

        Raises:
            ModelError: the checkpoint was not trained for the task, the task has no such label, or
                a post does not fit the network.
        """
        window = self.oracle.window([post.features for post in posts])
        names = _Names(posts[-1].conversation_id, [post.post_id for post in posts])
        return self._explained(window, posts[-1].text, names, task, label)

    def explain_records(
        self, records: Sequence[bytes], text: str | None, task: Task, label: str | None = None
    ) -> Explanation:
        """The same from the records of a window, which do not say whose they are.

        Args:
            records: as an engine of this checkpoint made them, oldest first, the explained last.
            text: of the last post.
            task: whose label.
            label: None: the most probable one.

        Returns:
            An explanation whose posts and conversation have no names.

        Raises:
            ModelError: another model's record, the checkpoint was not trained for the task, or the
                task has no such label.
        """
        window = PostWindow(*unpack_records(self._stamp, records, self.oracle.post_width))
        return self._explained(window, text, _Names("", [""] * len(records)), task, label)

    def _explained(
        self, window: PostWindow, text: str | None, names: "_Names", task: Task, label: str | None
    ) -> Explanation:
        if task not in self._tasks:
            raise ModelError(
                f"{self._version} was not trained for {task}, only for {' and '.join(self._tasks)}"
            )
        if label is not None and label not in LABELS[task]:
            raise ModelError(f"{task} has no label {label!r}; known: {', '.join(LABELS[task])}")
        subject = make_subject(self.oracle, self.encoder, window, text)
        odds = self.oracle.probabilities(task, [subject.window])[0]  # [classes]
        predicted = LABELS[task][int(odds.argmax())]
        question = Question(task, label or predicted)
        values = shapley_parts(subject, self.oracle, question)
        return Explanation(
            post_id=names.posts[-1],
            conversation_id=names.conversation,
            model_version=self._version,
            task=task,
            label=question.label,
            predicted=predicted,
            probabilities=dict(zip(LABELS[task], odds.tolist(), strict=True)),
            log_odds=float(self.oracle.log_odds(question, [subject.window])[0]),
            modalities=_modalities(subject.window, values["modalities"]),
            posts=[
                PostShare(name, float(share), float(value))
                for name, share, value in zip(
                    names.posts, shares(values["posts"]), values["posts"], strict=True
                )
            ],
            words=_words(subject, values),
            without_words=subject.without_words,
            methods={part: _method(part, len(own)) for part, own in values.items()},
            completeness=self._completeness(subject, question, values),
        )

    def _completeness(
        self, subject: Subject, question: Question, values: Values
    ) -> dict[Part, Completeness]:
        def worth(windows: Sequence[PostWindow]) -> NDArray[np.float64]:
            return self.oracle.log_odds(question, windows)

        scored = worth([subject.window])[0]
        found: dict[Part, Completeness] = {}
        for part, own in values.items():
            nobody = np.zeros((1, len(own)), np.bool_)
            difference = float(scored - subject.game(part, worth)(nobody)[0])
            found[part] = Completeness(difference, float(difference - own.sum()))
        return found


def load_explainer(
    checkpoint: Path | None = None, device: DeviceName = "auto", threads: int | None = None
) -> Explainer:
    """An explainer of a checkpoint folder.

    Args:
        checkpoint: the folder; None: the one inside this package.
        device: `auto` takes a GPU where there is one.
        threads: CPU threads of torch in this process; None: one a physical core.

    Raises:
        CheckpointError: the folder is no valid checkpoint.
        ModelError: the device is not there.
    """
    use_threads(threads)
    folder = shipped_checkpoint() if checkpoint is None else checkpoint
    network, card = load_checkpoint(folder)
    return make_explainer(network, card, load_text_encoder(folder), device)


def make_explainer(
    network: Tmsam, card: CheckpointCard, encoder: Encoder, device: DeviceName
) -> Explainer:
    """An explainer of what `load_checkpoint` gives.

    Args:
        network: in evaluation mode.
        card: the checkpoint's card.
        encoder: makes the text features that the network reads.
        device: `auto` takes a GPU where there is one.

    Raises:
        ModelError: the device is not there.
    """
    oracle = Oracle(network, card.calibration, choose_device(device))
    return Explainer(oracle, encoder, card)


def shapley_parts(subject: Subject, oracle: Oracle, question: Question) -> Values:
    """Shapley values of the players of each part, in log odds.

    Args:
        subject: the post.
        oracle: asks the network.
        question: of which label.

    Returns:
        part -> [players]: the post's present modalities, its window's posts, its words.
    """

    def worth(windows: Sequence[PostWindow]) -> NDArray[np.float64]:
        return oracle.log_odds(question, windows)

    return {
        part: shapley_values(
            subject.game(part, worth), players, PERMUTATIONS, np.random.default_rng(0)
        )
        for part, players in subject.players.items()
    }


def _modalities(window: PostWindow, values: NDArray[np.float64]) -> list[ModalityShare]:
    share, signed = np.zeros(len(MODALITIES)), np.zeros(len(MODALITIES))
    share[window.presence[-1]] = shares(values)
    signed[window.presence[-1]] = values
    return [
        ModalityShare(*each)
        for each in zip(MODALITIES, share.tolist(), signed.tolist(), strict=True)
    ]


def _words(subject: Subject, values: Values) -> list[WordValue]:
    if subject.text is None:
        return []
    return [
        WordValue(word.text, word.start, word.end, value)
        for word, value in zip(subject.text.words, values["words"].tolist(), strict=True)
    ]


def _method(part: Part, players: int) -> Method:
    if players <= EXACT_UP_TO:
        return Method("Shapley values, exact", _TAKEN_AWAY[part], _EXACT_SOURCE)
    name = f"Shapley values over {PERMUTATIONS} orders"
    return Method(name, _TAKEN_AWAY[part], _SAMPLED_SOURCE)
