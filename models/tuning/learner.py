"""How a text encoder learns with what stands on it. Not for the steps: that is `training.loop`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from models.errors import TrainingConfigError
from models.layers.initialise import initialise
from models.training.batches import Batch
from models.training.config import TrainingConfig
from models.training.corpus import Corpus, LabelledPost
from models.training.learner import Learner, joint_loss, rate_factor
from models.training.loss import JointLoss
from models.training.sources import Source
from models.training.text_features import require_content
from models.tuning.build import tuned_system
from models.tuning.distillation import (
    TeacherLogits,
    mean_logits,
    read_teacher,
    teacher_file,
    teacher_loss,
)
from models.tuning.encoders import WIDTHS, encoder_folder
from models.tuning.settings import TuningSettings
from models.tuning.system import TunedSystem


def text_preparer(tuning: TuningSettings) -> Callable[[Corpus], Corpus]:
    """What gives a corpus the texts and the teacher's logits that tuning reads.

    Args:
        tuning: authors' names, teachers and encoder.

    Returns:
        Takes a corpus as a reader gives it; its text width becomes the encoder's.

    Raises:
        TrainingDataError: a teacher's file is none. What it gives raises it where a post has a
            blank text and no other features.
    """
    teachers = [read_teacher(teacher_file(name)) for name in tuning.teachers]
    width = WIDTHS[tuning.encoder]

    def prepare(corpus: Corpus) -> Corpus:
        for split, conversations in corpus.splits.items():
            require_content(f"{corpus.name} {split}", conversations)
        splits = {
            name: [_prepared(posts, tuning.authors, teachers) for posts in conversations]
            for name, conversations in corpus.splits.items()
        }
        return replace(corpus, splits=splits, widths=(width, *corpus.widths[1:]))

    return prepare


def make_tuned_learner(
    config: TrainingConfig, sources: Sequence[Source], device: torch.device, cache: Path
) -> Learner:
    """A pre-trained encoder with what stands on it, and how both learn.

    Args:
        config: with a `tuning`; torch's global random state is set to its seed.
        sources: as `text_preparer` made them.
        device: where they learn.
        cache: where encoders are unpacked.

    Raises:
        TrainingConfigError: there is no tuning.
    """
    tuning = config.tuning
    if tuning is None:
        raise TrainingConfigError("the configuration has no tuning")
    torch.manual_seed(config.seed)
    folder = encoder_folder(tuning.encoder, cache)
    system = tuned_system(tuning, config.model.network(sources[0].corpus.widths), folder)
    train = [posts for source in sources for posts in source.corpus.splits["train"]]
    if system.network is not None:
        initialise(system.network)
    system.freeze(tuning.frozen)
    system.to(device)
    system.fit_inputs(train)
    system.to(device)
    joint = joint_loss(config, sources)
    optimiser = config.optimiser
    return Learner(
        system,
        torch.optim.AdamW(
            system.parameter_groups(
                tuning.learning_rate, tuning.layer_decay, optimiser.learning_rate, optimiser.l2
            ),
            fused=True,  # on a CPU a sixth of the time of the loop over tensors
        ),
        loss=lambda batch: tuned_loss(system, batch, joint, tuning),
        rate=lambda done: rate_factor(config.schedule, done),
        average=tuning.average,
    )


def tuned_loss(
    system: TunedSystem, batch: Batch, joint: JointLoss, tuning: TuningSettings
) -> Tensor:
    """What a step makes smaller.

    Args:
        system: scores the batch.
        batch: with the teacher's logits where there are some.
        joint: loss against the labels.
        tuning: weights of the auxiliary layer and of the teacher.

    Returns:
        A scalar: labels and teacher on the answer, and the same on the dense layer that teaches
        the encoder directly, weighed.
    """
    direct, whole = system.both(batch)
    losses = []
    for logits, weight in ((whole, 1.0), (direct, tuning.auxiliary if whole else 1.0)):
        if logits is None or not weight:
            continue
        own = joint(logits, batch)
        if tuning.teachers and tuning.distillation:
            own = own + tuning.distillation * teacher_loss(
                logits, batch, tuning.temperature, joint.tasks
            )
        losses.append(weight * own)
    return torch.stack(losses).sum()


def _prepared(
    posts: Sequence[LabelledPost], authors: bool, teachers: Sequence[TeacherLogits]
) -> list[LabelledPost]:
    logits = mean_logits(teachers, posts)
    return [
        replace(
            post,
            text=f"{post.author}: {post.text}" if authors and post.author else post.text,
            teacher=own,
        )
        for post, own in zip(posts, logits, strict=True)
    ]
