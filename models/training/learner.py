"""How a system learns: optimiser, loss and learning rate. Not for the steps: that is `loop`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.checkpoint import load_checkpoint
from models.errors import TrainingConfigError
from models.layers.initialise import initialise
from models.systems import System, build_system
from models.systems.tmsam import TmsamSystem
from models.training.batches import Batch
from models.training.config import OptimiserConfig, ScheduleConfig, Task, TrainingConfig
from models.training.corpus import Conversation
from models.training.featurise import encoder_checkpoint
from models.training.loss import CLASSES, JointLoss, balanced_weights
from models.training.sources import Source


@dataclass(frozen=True, slots=True)
class Learner:
    """All that a step needs.

    Attributes:
        system: in its place already, the weights where they compute.
        optimiser: over the system's parameters; each group's own `lr` is its highest.
        loss: of a batch, a scalar. It calls the system.
        rate: share of the run's steps that are done -> factor on every group's `lr`.
        average: decay a step of the running average of the weights, which is then what is
            validated and kept; 0: the weights themselves (Polyak & Juditsky 1992).
    """

    system: System
    optimiser: torch.optim.Optimizer
    loss: Callable[[Batch], Tensor]
    rate: Callable[[float], float] = lambda _: 1.0
    average: float = 0.0


def make_learner(
    config: TrainingConfig, sources: Sequence[Source], device: torch.device
) -> Learner:
    """The configured system with its first weights, and how it learns.

    Args:
        config: of the run; torch's global random state is set to its seed.
        sources: with text features.
        device: where it learns.

    Raises:
        TrainingConfigError: the network that it is to go on with has another form.
        CheckpointError: that lies in no valid checkpoint.
    """
    torch.manual_seed(config.seed)
    system = build_system(config.model.system, config.model.network(sources[0].corpus.widths))
    if config.model.go_on:
        _take_network(system, config)
    else:
        initialise(system)
        system.fit_inputs([posts for source in sources for posts in source.corpus.splits["train"]])
    system.to(device)
    joint = joint_loss(config, sources)
    return Learner(
        system,
        _optimiser(config.optimiser, system),
        loss=lambda batch: joint(system(batch), batch),
        rate=lambda done: rate_factor(config.schedule, done),
    )


def _take_network(system: System, config: TrainingConfig) -> None:
    """Give a system the weights of the checkpoint that the configuration goes on with."""
    folder = encoder_checkpoint(config)
    if not isinstance(system, TmsamSystem) or folder is None:
        raise TrainingConfigError("model.go_on is for the system tmsam and a checkpoint's encoder")
    network, card = load_checkpoint(folder)
    own = {"dropout": system.config.dropout, "preset": system.config.preset}
    if card.config.model_copy(update=own) != system.config:
        raise TrainingConfigError(
            f"{folder}: the checkpoint's network has another form than the configuration's model"
        )
    system.network.load_state_dict(network.state_dict())


def joint_loss(config: TrainingConfig, sources: Sequence[Source]) -> JointLoss:
    """The configured loss; where it weighs classes, by their shares in each data set."""
    tasks, weights = config.model.tasks, []
    if config.loss.imbalance == "inverse_sqrt":
        weights = [
            {task: class_weights(source.corpus.splits["train"], task) for task in tasks}
            for source in sources
        ]
    return JointLoss(tasks, config.loss, weights)


def class_weights(conversations: Sequence[Conversation], task: Task) -> Tensor:
    """Weights of a task's classes, [C], see `balanced_weights`."""
    labels = [getattr(post, task) for posts in conversations for post in posts]
    return balanced_weights(torch.tensor(labels), CLASSES[task])


def rate_factor(schedule: ScheduleConfig, done: float) -> float:
    """Factor on the learning rate.

    Args:
        schedule: warm-up and decay.
        done: steps done by steps of all epochs, in [0, 1).

    Returns:
        Rises to 1 over the warm-up, then stays or falls towards 0.
    """
    if done < schedule.warm_up:
        return done / schedule.warm_up
    rest = (done - schedule.warm_up) / (1.0 - schedule.warm_up)
    if schedule.decay == "linear":
        return 1.0 - rest
    if schedule.decay == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * rest))
    return 1.0


def _optimiser(settings: OptimiserConfig, system: System) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(system.parameters(), lr=settings.learning_rate, weight_decay=settings.l2)
