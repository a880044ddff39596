"""The training loop: Adam, early stopping on the validation split, the best weights kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from models.presets import PRESETS
from models.tmsam import Tmsam
from models.training.batches import make_batch, run, shuffled_batches, with_dropout
from models.training.corpus import Conversation, Corpus, feature_statistics
from models.training.evaluation import TaskMeasures, evaluate
from models.training.loss import balanced_weights, joint_loss
from models.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class EpochReport:
    """How an epoch went.

    Attributes:
        epoch: from 1.
        loss: mean training loss a batch.
        validation: what early stopping looks at, see `validation_score`.
        best: whether it is the best so far.
    """

    epoch: int
    loss: float
    validation: float
    best: bool


def validation_score(network: Tmsam, conversations: Sequence[Conversation]) -> float:
    """Weighted F1, averaged over both tasks, with all modalities and with text alone.

    Most posts carry text alone, so that counts as much as what the data could offer.
    """
    outcomes = (
        evaluate(network, conversations, MODALITIES),
        evaluate(network, conversations, ("text",)),
    )
    return float(np.mean([_weighted(outcome) for outcome in outcomes]))


def train_network(
    corpus: Corpus,
    settings: TrainingSettings,
    report: Callable[[EpochReport], None] = lambda _: None,
) -> Tmsam:
    """Train on the split `train`, stop by the split `dev`; `test` is not touched.

    Args:
        corpus: with both splits, in the preset's feature set.
        settings: of the run.
        report: called after each epoch.

    Returns:
        The network with the weights of its best epoch, in evaluation mode.
    """
    torch.manual_seed(settings.seed)
    generator = np.random.default_rng(settings.seed)
    network = Tmsam(PRESETS[settings.preset])
    train = corpus.splits["train"]
    fit_normalisation(network, train)
    optimiser = torch.optim.Adam(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.l2
    )
    weights = _class_weights(train) if settings.class_weights else None
    best, best_state, since = -1.0, network.state_dict(), 0
    for epoch in range(1, settings.epochs + 1):
        loss = _epoch(network, train, settings, generator, optimiser, weights)
        score = validation_score(network, corpus.splits["dev"])
        better = score > best
        report(EpochReport(epoch, loss, score, better))
        since = 0 if better else since + 1
        if better:
            best = score
            best_state = {name: value.clone() for name, value in network.state_dict().items()}
        if since == settings.patience:
            break
    network.load_state_dict(best_state)
    return network.eval()


def fit_normalisation(network: Tmsam, conversations: Sequence[Conversation]) -> None:
    """Set each modality's input statistics; a modality that no post has passes as it is."""
    for modality, encoder in zip(
        MODALITIES, (network.text, network.audio, network.visual), strict=True
    ):
        statistics = feature_statistics(conversations, modality)
        if statistics is not None:
            encoder.normalise.fit(*map(torch.from_numpy, statistics))


def _epoch(
    network: Tmsam,
    train: Sequence[Conversation],
    settings: TrainingSettings,
    generator: np.random.Generator,
    optimiser: torch.optim.Optimizer,
    weights: tuple[torch.Tensor, torch.Tensor] | None,
) -> float:
    network.train()
    losses = []
    lengths = [len(posts) for posts in train]
    for chosen in shuffled_batches(lengths, settings.batch, generator):
        batch = make_batch([train[index] for index in chosen])
        batch = with_dropout(batch, settings, generator, network.config.widths[2])
        logits = network.classify(run(network, batch).fusion)
        binary = settings.loss == "binary_cross_entropy"
        loss = joint_loss(logits, batch.sentiment, batch.emotion, weights, binary)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), settings.gradient_norm)
        optimiser.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def _class_weights(train: Sequence[Conversation]) -> tuple[torch.Tensor, torch.Tensor]:
    whole = make_batch(train)
    return (
        balanced_weights(whole.sentiment, len(SENTIMENTS)),
        balanced_weights(whole.emotion, len(EMOTIONS)),
    )


def _weighted(outcome: TaskMeasures) -> float:
    return float(np.mean([task["weighted_f1"] for task in outcome.values()]))
