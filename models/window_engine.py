"""The engine that scores windows: post vectors once a post, then whole windows in batches.

Results are those of the reference network in float32, on a CPU or a GPU, made probabilities by the
checkpoint's calibration. Not for keeping the state of a conversation, nor for deciding what is
scored when: that is the caller's.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from connectors.schemas.labels import MODALITIES
from connectors.schemas.scoring import Features, Score, WindowRequest
from models.card import CheckpointCard
from models.modality_shares import ModalityShares
from models.padded_vectors import PaddedVectors
from models.records import STAMP_BYTES, encode_posts, unpack_records
from models.scores import as_score, blank_post, check_posts, checked_scores
from models.tmsam import Tmsam
from models.windows import Job, group_by_length, plan_jobs

_POSTS_A_BATCH: Final = 2048
_ROWS_A_BATCH: Final = 256


class WindowEngine:
    """Scores posts in the window of their conversation.

    Args:
        network: in evaluation mode.
        card: the checkpoint's card.
        device: where it runs.

    Attributes:
        version: model version with 8 hex digits of all that a post's probabilities depend on.
        feature_set: `name@version` of the tensors that `encode` takes.
        causal: a later post never changes an earlier score.
        stamp: 8 bytes before every record; another model's differ.
        device: where it runs, `cpu` or `cuda`.
    """

    def __init__(self, network: Tmsam, card: CheckpointCard, device: torch.device) -> None:
        self.version = card.version
        self.feature_set = card.feature_set
        self.causal = card.config.causal
        self.stamp = card.records_identity[:STAMP_BYTES]
        self._network = network.to(device).eval()
        self._modality_shares = ModalityShares(self._network)
        self._config = card.config
        self._calibration = card.calibration
        self._vectors = PaddedVectors(self._network, lambda tensor: tensor.to(device))
        self._device = device
        self.device = device.type

    def warm_up(self) -> None:
        """Score a post of zeros, so that what fails on the device fails now."""
        self.score([WindowRequest(self.encode([blank_post(self._config.widths)]), (0,))])

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """See `models.engine.Engine.encode`."""
        check_posts(posts, self._config.widths)
        return encode_posts(self.stamp, posts, self._config.post_width, self._vectors)

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        """Scores of the targets of each window, from the posts up to each target.

        Args:
            windows: any number, of any lengths.

        Returns:
            For each window, a score for each of its targets, in their order.

        Raises:
            ModelError: a record of another model, a target outside its window, or a result that
                is not finite.
        """
        jobs = plan_jobs(windows, self.causal)
        scores: list[list[Score]] = [[] for _ in windows]
        found: dict[int, list[Score]] = {}
        for group in group_by_length([job.posts for job in jobs], _POSTS_A_BATCH, _ROWS_A_BATCH):
            batch = [jobs[index] for index in group]
            rows = self._score([windows[job.request].records for job in batch], batch)
            found.update(zip(group, rows, strict=True))
        for index, job in enumerate(jobs):
            scores[job.request].extend(found[index])
        return scores

    def _score(self, windows: list[Sequence[bytes]], jobs: list[Job]) -> list[list[Score]]:
        longest = max(job.posts for job in jobs)
        width = self._config.post_width
        vectors = np.zeros((len(jobs), longest, len(MODALITIES), width), np.float32)
        presence = np.zeros((len(jobs), longest, len(MODALITIES)), np.bool_)
        for row, (records, job) in enumerate(zip(windows, jobs, strict=True)):
            vectors[row, : job.posts], presence[row, : job.posts] = unpack_records(
                self.stamp, records[: job.posts], width
            )
        most = max(len(job.targets) for job in jobs)
        targets = torch.tensor(
            [job.targets + job.targets[:1] * (most - len(job.targets)) for job in jobs]
        )  # [B, T]
        lengths = torch.tensor([job.posts for job in jobs])  # [B]
        post_mask = torch.arange(longest)[None, :] < lengths[:, None]  # [B, N]
        tensors = (torch.from_numpy(vectors), torch.from_numpy(presence), post_mask, targets)
        outcome = self._probabilities(*(tensor.to(self._device) for tensor in tensors))
        return [
            [as_score(outcome[row, column]) for column in range(len(job.targets))]
            for row, job in enumerate(jobs)
        ]

    def _probabilities(
        self, vectors: Tensor, presence: Tensor, post_mask: Tensor, targets: Tensor
    ) -> NDArray[np.float64]:
        with torch.inference_mode():
            fused = self._network.fuse(vectors, presence, post_mask, targets)
            logits = self._network.classify(fused.fusion)
            present = presence.gather(1, targets[:, :, None].expand(-1, -1, len(MODALITIES)))
            shares = self._modality_shares(fused.joined, fused.fusion, present)  # [B, T, 3]
        return checked_scores(
            logits.sentiment.cpu().numpy(),
            logits.emotion.cpu().numpy(),
            shares.double().cpu().numpy(),
            self._calibration,
        )  # [B, T, 13]
