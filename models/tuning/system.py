"""A text encoder that learns, alone or under the network, behind the interface of the systems."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from models.layers.normalise import InputNormalisation
from models.layers.pooling import masked_mean
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.posts import encode_posts, presence_of
from models.tmsam import Logits, Tmsam
from models.training.batches import Batch
from models.training.corpus import Conversation
from models.tuning.encoders import TOKENIZER_FILE
from models.tuning.reading import Reader, Sequences

_TOKENS_A_PASS = 2048
_LEAST_DEVIATION = 1e-2
_TEXTS_FOR_STATISTICS = 2000


class _Configuration(Protocol):
    def save_pretrained(self, folder: Path) -> object: ...


class _Configured(Protocol):
    config: _Configuration


class TunedSystem(System):
    """An encoder and what stands on it, trained together from texts.

    Args:
        config: of the network; its text width is the encoder's.
        encoder: called with `input_ids` and `attention_mask`, gives `last_hidden_state`.
        reader: how it reads posts.
        network: put TMSAM on the token vectors; without it the dense layers on the mean token
            vector classify.
        half: run the encoder in bfloat16.
    """

    def __init__(
        self,
        config: TmsamConfig,
        encoder: nn.Module,
        reader: Reader,
        network: bool = True,
        half: bool = False,
    ) -> None:
        super().__init__(config)
        width = config.widths[0]
        self.encoder = encoder
        self.network = Tmsam(config) if network else None
        self.dense = nn.ModuleList(
            nn.Linear(width, classes) for classes in (len(SENTIMENTS), len(EMOTIONS))
        )
        self.dropout = nn.Dropout(0.1)
        self._reader = reader
        self._half = half

    def forward(self, batch: Batch) -> Logits:
        """See `System.forward`."""
        direct, whole = self.both(batch)
        return direct if whole is None else whole

    def both(self, batch: Batch) -> tuple[Logits, Logits | None]:
        """What the dense layers say of the mean token vectors, and what the network says.

        Returns:
            Logits [B, N, classes] of each; None without the network.
        """
        rows, count = batch.post_mask.shape
        places = [
            row * count + place
            for row, posts in enumerate(batch.texts)
            for place in range(len(posts))
        ]
        means, vectors = self._posts(batch.texts)  # [posts, width], [posts, post]
        index = torch.tensor(places, device=self.device)  # [posts]
        flat = means.new_zeros(rows * count, means.shape[1]).index_copy(0, index, means)
        flat = self.dropout(flat).reshape(rows, count, -1)  # [B, N, width]
        direct = Logits(*(layer(flat) for layer in self.dense))
        if self.network is None:
            return direct, None
        text = vectors.new_zeros(rows * count, vectors.shape[1]).index_copy(0, index, vectors)
        presence = presence_of(batch, self.device)  # [B, N, 3]
        for row, posts in enumerate(batch.texts):
            for place, own in enumerate(posts):
                presence[row, place, 0] = bool(own)
        stacked = torch.stack(
            [text.reshape(rows, count, -1), *(self._other(batch, name) for name in MODALITIES[1:])],
            dim=2,
        )  # [B, N, 3, post]
        fused = self.network.fuse(stacked, presence, batch.post_mask.to(self.device))
        return direct, self.network.classify(fused.fusion)

    def save_form(self, folder: Path) -> None:
        """Write the encoder's `config.json` and `tokenizer.json`, without weights."""
        cast("_Configured", self.encoder).config.save_pretrained(folder)
        self._reader.tokenizer.save(str(folder / TOKENIZER_FILE))

    def input_layers(self) -> Mapping[str, InputNormalisation]:
        """See `System.input_layers`; the text's statistics come from the encoder itself."""
        if self.network is None:
            return {}
        return {"audio": self.network.audio.normalise, "visual": self.network.visual.normalise}

    def fit_inputs(self, conversations: Sequence[Conversation]) -> None:
        """See `System.fit_inputs`; the encoder is asked about 2,000 posts as it stands."""
        super().fit_inputs(conversations)
        if self.network is None:
            return
        texts = [[post.text for post in posts] for posts in conversations]
        chosen, seen = [], 0
        for own in texts:
            chosen.append(own)
            seen += len(own)
            if seen >= _TEXTS_FOR_STATISTICS:
                break
        self.eval()
        with torch.inference_mode():
            steps = torch.cat(
                [
                    hidden[mask]
                    for group in self._reader.read(chosen, _TOKENS_A_PASS)
                    for hidden, mask in [self._own_steps(group)]
                ]
            )  # [tokens, width]
        deviation = steps.std(dim=0).clamp(min=_LEAST_DEVIATION)
        self.network.text.normalise.fit(steps.mean(dim=0).cpu(), deviation.cpu())

    def freeze(self, layers: int) -> None:
        """Keep the embeddings and so many of the lowest layers as they are; 0: nothing."""
        for name, parameter in self.encoder.named_parameters():
            parameter.requires_grad_(not layers or _layer_of(name) > layers)

    def parameter_groups(
        self, learning_rate: float, layer_decay: float, network_rate: float, weight_decay: float
    ) -> list[dict[str, object]]:
        """Parameters for an optimiser: each layer of the encoder slower than the one above.

        Args:
            learning_rate: of the encoder's last layer.
            layer_decay: factor from a layer to the one below; embeddings are the lowest.
            network_rate: of all that is not the encoder.
            weight_decay: on matrices; vectors have none.
        """
        layers = 1 + max(
            (_layer_of(name) for name, _ in self.encoder.named_parameters()), default=0
        )
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, parameter in self.named_parameters():
            if not parameter.requires_grad:
                continue
            rate = network_rate
            if name.startswith("encoder."):
                rate = learning_rate * layer_decay ** (layers - 1 - _layer_of(name))
            decay = weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
        return [
            {"params": own, "lr": rate, "weight_decay": decay}
            for (rate, decay), own in groups.items()
        ]

    def _posts(self, texts: Sequence[Sequence[str]]) -> tuple[Tensor, Tensor]:
        means, vectors, order = [], [], []
        for group in self._reader.read(texts, _TOKENS_A_PASS):
            steps, mask = self._own_steps(group)  # [P, L, width], [P, L]
            means.append(masked_mean(steps, mask))
            if self.network is not None:
                vectors.append(self.network.encode("text", steps, mask))
            order.extend(group.posts)
        back = torch.tensor(order, device=self.device).argsort()
        joined = torch.cat(means)[back]  # [posts, width]
        return joined, torch.cat(vectors)[back] if vectors else joined

    def _own_steps(self, group: Sequences) -> tuple[Tensor, Tensor]:
        ids, mask = group.ids.to(self.device), group.mask.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
            hidden = self.encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        hidden = hidden.float()  # [R, L, width]
        if self._reader.reading == "post":
            return hidden, mask
        longest = max(span.end - span.start for span in group.spans)
        starts = torch.tensor([span.start for span in group.spans], device=self.device)
        ends = torch.tensor([span.end for span in group.spans], device=self.device)
        rows = torch.tensor([span.row for span in group.spans], device=self.device)
        columns = starts[:, None] + torch.arange(longest, device=self.device)  # [P, longest]
        own = columns < ends[:, None]  # [P, longest]
        steps = hidden[rows[:, None], columns.clamp(max=hidden.shape[1] - 1)]
        return steps * own[:, :, None], own

    def _other(self, batch: Batch, modality: str) -> Tensor:
        network = self.network
        assert network is not None  # noqa: S101 - only called with it

        def encode(steps: Tensor, mask: Tensor, _: Tensor | None) -> Tensor:
            return network.encode(modality, steps, mask)  # [P, post]

        return encode_posts(batch, modality, encode, self.config.post_width, self.device)


def _layer_of(name: str) -> int:
    """0 for embeddings, 1 for the first layer; what the layers share counts as embeddings."""
    if "embeddings" in name or ".layer." not in f".{name}":
        return 0
    return 1 + int(f".{name}".split(".layer.")[1].split(".")[0])
