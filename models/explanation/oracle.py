"""What the network says of the last post of many windows; the one place here that runs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.schemas.scoring import Features
from models.calibration import Calibration, apply
from models.explanation.window import PostWindow
from models.padding import pad_steps
from models.tmsam import Tmsam
from models.windows import group_by_length

Task = Literal["sentiment", "emotion"]

LABELS: Final[dict[Task, tuple[str, ...]]] = {"sentiment": SENTIMENTS, "emotion": EMOTIONS}
_STEPS_A_BATCH: Final = 4096
_POSTS_A_BATCH: Final = 2048
_ROWS_A_BATCH: Final = 256
_LEAST: Final = 1e-300  # keeps the logarithm of a probability that underflowed finite


@dataclass(frozen=True, slots=True)
class Question:
    """Which probability is asked for: of a class of a task, both by index and by name."""

    task: Task
    label: str

    @property
    def index(self) -> int:
        """Place of the label in the task's probabilities."""
        return LABELS[self.task].index(self.label)


class Oracle:
    """Calibrated probabilities of windows, as the engine gives them.

    Args:
        network: in evaluation mode; moved to the device.
        calibration: of the checkpoint.
        device: where it runs.
    """

    def __init__(self, network: Tmsam, calibration: Calibration, device: torch.device) -> None:
        self._network = network.to(device).eval()
        self._calibration = calibration
        self._device = device

    @property
    def post_width(self) -> int:
        """Numbers in the vector of a post's modality."""
        return self._network.config.post_width

    def window(self, posts: Sequence[Features]) -> PostWindow:
        """The window of posts, oldest first.

        Raises:
            ModelError: a tensor's width is not the network's.
        """
        vectors = np.zeros((len(posts), len(MODALITIES), self.post_width), np.float32)
        presence = np.zeros((len(posts), len(MODALITIES)), np.bool_)
        for column, modality in enumerate(MODALITIES):
            owners = [place for place, post in enumerate(posts) if modality in post]
            presence[owners, column] = True
            vectors[owners, column] = self.encode(modality, [posts[o][modality] for o in owners])
        return PostWindow(vectors, presence)

    def encode(
        self, modality: str, posts: Sequence[NDArray[np.float32] | NDArray[np.float16]]
    ) -> NDArray[np.float32]:
        """Vectors of posts in one modality, rounded as records round them: [P, post_width]."""
        vectors = np.zeros((len(posts), self.post_width), np.float32)
        for group in group_by_length([len(steps) for steps in posts], _STEPS_A_BATCH, len(posts)):
            steps, mask = pad_steps([posts[index] for index in group])  # [P, L, width], [P, L]
            with torch.inference_mode():
                found = self._network.encode(
                    modality, steps.to(self._device), mask.to(self._device)
                )  # [P, post]
            vectors[group] = found.half().float().cpu().numpy()
        return vectors

    def probabilities(self, task: Task, windows: Sequence[PostWindow]) -> NDArray[np.float64]:
        """Probabilities [M, classes] of the last post of each of M windows."""
        found = np.zeros((len(windows), len(LABELS[task])))
        lengths = [len(window.vectors) for window in windows]
        for group in group_by_length(lengths, _POSTS_A_BATCH, _ROWS_A_BATCH):
            logits = self._logits(task, [windows[index] for index in group])
            found[group] = apply(logits, getattr(self._calibration, task))
        return found

    def probability(self, question: Question, windows: Sequence[PostWindow]) -> NDArray[np.float64]:
        """The asked probability in each of M windows, [M]."""
        return self.probabilities(question.task, windows)[:, question.index]

    def log_odds(self, question: Question, windows: Sequence[PostWindow]) -> NDArray[np.float64]:
        """Logarithm of the asked probability over that of all other classes, [M]."""
        odds = self.probabilities(question.task, windows).clip(min=_LEAST)  # [M, classes]
        others = np.delete(odds, question.index, axis=1).sum(axis=1)
        ratio: NDArray[np.float64] = np.log(odds[:, question.index]) - np.log(others)
        return ratio

    def _logits(self, task: Task, windows: list[PostWindow]) -> NDArray[np.float32]:
        longest = max(len(window.vectors) for window in windows)
        shape = (len(windows), longest, len(MODALITIES))
        vectors = np.zeros((*shape, self.post_width), np.float32)
        presence = np.zeros(shape, np.bool_)
        for row, window in enumerate(windows):
            vectors[row, : len(window.vectors)] = window.vectors
            presence[row, : len(window.vectors)] = window.presence
        lengths = torch.tensor([[len(window.vectors)] for window in windows])  # [B, 1]
        post_mask = torch.arange(longest)[None, :] < lengths  # [B, N]
        tensors = (torch.from_numpy(vectors), torch.from_numpy(presence), post_mask, lengths - 1)
        with torch.inference_mode():
            fused = self._network.fuse(*(tensor.to(self._device) for tensor in tensors))
            logits = self._network.classify(fused.fusion)
        chosen = logits.sentiment if task == "sentiment" else logits.emotion  # [B, 1, classes]
        outcome: NDArray[np.float32] = chosen[:, 0].float().cpu().numpy()
        return outcome
