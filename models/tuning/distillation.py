"""A teacher's logits for the posts of a corpus, kept in a file, and the loss that follows them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.errors import TrainingDataError
from models.tmsam import Logits
from models.training.batches import Batch
from models.training.config import Task
from models.training.corpus import Conversation
from models.training.loss import CLASSES

_CLASSES: Final = sum(CLASSES.values())


@dataclass(frozen=True, slots=True)
class TeacherLogits:
    """What a teacher says of posts, found by the texts of their conversation.

    Attributes:
        rows: key of a post -> [10]: sentiment, then emotion.
    """

    rows: dict[bytes, NDArray[np.float32]]

    def of(self, posts: Conversation) -> list[NDArray[np.float32] | None]:
        """The teacher's logits of each post of a conversation; None: it never saw that one."""
        return [self.rows.get(key) for key in post_keys([post.text for post in posts])]


def teacher_file(name: str) -> Path:
    """The file of a teacher: one that the package carries, see docs/decisions/0012-teacher.md.

    Args:
        name: of one of the package's, such as `meld`, or a path.
    """
    shipped = Path(str(files("models.tuning"))) / "teachers" / f"{name}.npz"
    return shipped if shipped.is_file() else Path(name)


def mean_logits(
    teachers: Sequence[TeacherLogits], posts: Conversation
) -> list[NDArray[np.float32] | None]:
    """For each post the mean of the logits of the teachers that know it, [10]; None: none does."""
    told = [teacher.of(posts) for teacher in teachers]
    found: list[NDArray[np.float32] | None] = []
    for place in range(len(posts)):
        own = [row for rows in told if (row := rows[place]) is not None]
        found.append(np.mean(own, axis=0, dtype=np.float32) if own else None)
    return found


def post_keys(texts: Sequence[str]) -> list[bytes]:
    """Keys of a conversation's posts: 16 bytes from all texts and the position.

    Two conversations of the very same texts share their keys, as they share what is said of them.
    """
    whole = hashlib.sha256("\x00".join(texts).encode()).digest()
    return [hashlib.sha256(whole + place.to_bytes(4)).digest()[:16] for place in range(len(texts))]


def save_teacher(path: Path, rows: dict[bytes, NDArray[np.float32]]) -> None:
    """Write logits by key as an npz of `keys` [M, 16] and `logits` [M, 10]."""
    keys = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 16)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, keys=keys, logits=np.stack(list(rows.values())).astype(np.float32))


def read_teacher(path: Path) -> TeacherLogits:
    """Read what `save_teacher` wrote.

    Raises:
        TrainingDataError: the file is none of these.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            keys, logits = arrays["keys"], arrays["logits"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingDataError(f"{path} holds no teacher's logits: {error}") from error
    if logits.shape != (len(keys), _CLASSES):
        raise TrainingDataError(f"{path}: logits must be [{len(keys)}, {_CLASSES}]")
    return TeacherLogits({key.tobytes(): row for key, row in zip(keys, logits, strict=True)})


def distillation_loss(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """How far a student is from its teacher.

    Args:
        logits: the student's, [M, C].
        teacher: the teacher's, [M, C].
        temperature: softens both distributions.

    Returns:
        A scalar: Kullback-Leibler divergence at that temperature, times its square.

    Source: Hinton, Vinyals & Dean 2015, "Distilling the knowledge in a neural network".
    """
    own = functional.log_softmax(logits / temperature, dim=-1)  # [M, C]
    wanted = functional.softmax(teacher / temperature, dim=-1)  # [M, C]
    divergence = functional.kl_div(own, wanted, reduction="batchmean")
    scaled: torch.Tensor = divergence * temperature**2
    return scaled


def teacher_loss(logits: Logits, batch: Batch, temperature: float, tasks: Sequence[Task]) -> Tensor:
    """Sum over the tasks of `distillation_loss`, on the posts that have a teacher's logits.

    Args:
        logits: the student's, [B, N, C] each.
        batch: with the teacher's.
        temperature: softens both distributions.
        tasks: that are taught; at least one.

    Returns:
        A scalar; 0 where no post has any.
    """
    known = ~batch.teacher[..., 0].isnan()  # [B, N]
    if not known.any():
        return logits.sentiment.sum() * 0.0
    wanted = batch.teacher[known].to(logits.sentiment.device)  # [M, 10]
    chosen = known.to(logits.sentiment.device)
    taught = dict(zip(CLASSES, torch.split(wanted, list(CLASSES.values()), dim=1), strict=True))
    return torch.stack(
        [
            distillation_loss(getattr(logits, task)[chosen].float(), taught[task], temperature)
            for task in tasks
        ]
    ).sum()
