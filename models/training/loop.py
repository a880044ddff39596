"""The training loop: steps, early stopping on the validation split, the best weights kept.

Not for what a step makes smaller (`learner`), nor for reading and writing (`run`).
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import torch
from torch import Tensor

from models.errors import TrainingInterruptedError, TrainingStateError
from models.systems import System
from models.training.averaging import averaged, follow, weights_of
from models.training.batches import Batch, make_batch
from models.training.config import TrainingConfig
from models.training.divergence import require_finite_loss, require_sound_weights
from models.training.learner import Learner
from models.training.modality_dropout import with_dropout
from models.training.order import PlannedBatch, SourceShape, epoch_order, step_generator
from models.training.precision import choose_precision
from models.training.sources import Source, fingerprint
from models.training.state import EpochReport, RunState, read_header, read_tensors, write_state
from models.training.validation import Validation

_OPTIMISER: Final = "optimiser"


@dataclass(frozen=True, slots=True)
class StepReport:
    """How a step went.

    Attributes:
        epoch: from 1.
        step: steps done in the epoch.
        steps: of the epoch.
        done: steps of the run that are done.
        total: steps of the run, if it takes every epoch.
        loss: of the step's batch.
        mean_loss: of the epoch's steps so far.
        learning_rate: of the optimiser's first group.
        gradient_norm: before it was scaled down.
    """

    epoch: int
    step: int
    steps: int
    done: int
    total: int
    loss: float
    mean_loss: float
    learning_rate: float
    gradient_norm: float


class Observer(Protocol):
    """Who is told how a run goes."""

    def stepped(self, report: StepReport) -> None:
        """After each step."""

    def ended_epoch(self, report: EpochReport) -> None:
        """After each validation."""


class Training:
    """A run from its beginning, or from where its state file says that it stood.

    Order and chance of a step follow from the seed and the step's number: a run that was killed
    and goes on ends with the very weights of one that was not, on the same machine.

    Args:
        learner: with fresh weights.
        sources: trained on their split `train`; what is done with `dev` is for `validate`, and
            `test` is not touched.
        config: of the run.
        validate: judges the system after each epoch.
        state_file: where the run is saved; None: nowhere.
        observers: told how it goes.
        stop: asked after each step whether to end.
    """

    def __init__(
        self,
        learner: Learner,
        sources: Sequence[Source],
        config: TrainingConfig,
        validate: Callable[[System], Validation],
        state_file: Path | None = None,
        observers: Sequence[Observer] = (),
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._learner = learner
        self._system = learner.system
        self._train = [source.corpus.splits["train"] for source in sources]
        self._shapes = [
            SourceShape([len(posts) for posts in train], source.weight, source.batch, source.until)
            for train, source in zip(self._train, sources, strict=True)
        ]
        self._config = config
        self._validate = validate
        self._file = state_file
        self._observers = observers
        self._stop = stop
        self._precision = choose_precision(config.precision, self._system.device)
        self._rates = [float(group["lr"]) for group in learner.optimiser.param_groups]
        self._ends = self._steps_until_epochs()
        self._state = RunState(config=config, fingerprint=fingerprint(sources))
        self._best: dict[str, Tensor] = {}
        self._average = weights_of(self._system) if learner.average else {}

    @property
    def system(self) -> System:
        """What is trained, with its newest weights."""
        return self._system

    @property
    def history(self) -> Sequence[EpochReport]:
        """The epochs that ended, also those before the run was taken up again."""
        return self._state.history

    def resume(self) -> None:
        """Go to where the state file says that the run stood.

        Raises:
            TrainingStateError: there is none, it is damaged, or it is of other data or of another
                system.
        """
        if self._file is None:
            raise TrainingStateError("the run has no state file to go on from")
        state = read_header(self._file)
        if state.fingerprint != self._state.fingerprint:
            raise TrainingStateError(
                f"{self._file}: the data are not those that the run began with; begin anew"
            )
        tensors = read_tensors(self._file)
        try:
            self._system.load_state_dict(_part(tensors, "system"))
        except RuntimeError as error:
            raise TrainingStateError(f"{self._file} is of another system: {error}") from error
        self._load_optimiser(_part(tensors, _OPTIMISER))
        device = self._system.device
        self._best = {name: own.to(device) for name, own in _part(tensors, "best").items()}
        self._average = {name: own.to(device) for name, own in _part(tensors, "average").items()}
        self._state = state

    def run(self) -> System:
        """Train to the end.

        Returns:
            The system with the weights of its best epoch, in evaluation mode.

        Raises:
            TrainingInterruptedError: `stop` said so; the state is saved.
            TrainingDivergedError: the loss or the weights are no numbers any more.
        """
        schedule = self._config.schedule
        while self._state.epoch <= schedule.epochs and self._state.since_best < schedule.patience:
            self._epoch()
        self._system.load_state_dict(self._best)
        return self._system.eval()

    def save(self) -> None:
        """Write the state file."""
        if self._file is None:
            return
        tensors = {f"system.{name}": own for name, own in self._system.state_dict().items()}
        tensors |= {f"best.{name}": own for name, own in self._best.items()}
        tensors |= {f"average.{name}": own for name, own in self._average.items()}
        for place, own in self._learner.optimiser.state_dict()["state"].items():
            tensors |= {f"{_OPTIMISER}.{place}.{name}": part for name, part in own.items()}
        write_state(self._file, self._state, tensors)

    def _epoch(self) -> None:
        state = self._state
        order = epoch_order(self._shapes, self._config.seed, state.epoch)
        self._system.train()
        for planned in order[state.step :]:
            self._step(planned)
            if self._stop():
                self._interrupt()
            if state.step % self._config.schedule.state_every_steps == 0:
                self.save()
        require_sound_weights(self._system, state.epoch)
        with averaged(self._system, self._average):
            outcome = self._validate(self._system)
            better = outcome.score > state.best
            if better:
                self._best = weights_of(self._system)
        report = EpochReport(
            epoch=state.epoch,
            loss=state.losses / len(order),
            validation=outcome.score,
            best=better,
            measures={name: dict(own) for name, own in outcome.measures.items()},
        )
        state.history.append(report)
        state.epoch, state.step, state.losses = state.epoch + 1, 0, 0.0
        self.save()
        for observer in self._observers:
            observer.ended_epoch(report)
        if self._stop():
            self._interrupt()

    def _step(self, planned: PlannedBatch) -> None:
        state, learner, seed = self._state, self._learner, self._config.seed
        generator = step_generator(seed, state.epoch, state.step)
        torch.manual_seed(int(generator.integers(2**63)))
        batch = self._batch(planned)
        width = self._system.config.widths[2]
        batch = with_dropout(batch, self._config.modality_dropout, generator, width)
        start, end, total = self._ends[state.epoch - 1], self._ends[state.epoch], self._ends[-1]
        factor = learner.rate((start + state.step) / total)
        for group, rate in zip(learner.optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        with torch.autocast(
            self._system.device.type, self._precision, enabled=self._precision != torch.float32
        ):
            loss = learner.loss(batch)
        value = loss.item()
        require_finite_loss(value, state.epoch, state.step + 1)
        learner.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(
            self._system.parameters(), self._config.optimiser.gradient_norm or math.inf
        )
        learner.optimiser.step()
        self._follow()
        state.step += 1
        state.losses += value
        report = StepReport(
            epoch=state.epoch,
            step=state.step,
            steps=end - start,
            done=start + state.step,
            total=total,
            loss=value,
            mean_loss=state.losses / state.step,
            learning_rate=learner.optimiser.param_groups[0]["lr"],
            gradient_norm=norm.item(),
        )
        for observer in self._observers:
            observer.stepped(report)

    def _batch(self, planned: PlannedBatch) -> Batch:
        train = self._train[planned.source]
        return make_batch([train[index] for index in planned.conversations], planned.source)

    def _follow(self) -> None:
        """Move the running average towards the weights."""
        if self._learner.average:
            follow(self._average, self._system, self._learner.average)

    def _interrupt(self) -> None:
        self.save()
        kept = "nothing keeps it" if self._file is None else f"it is kept in {self._file}"
        epoch = self._state.epoch
        last = min(epoch, self._config.schedule.epochs)
        steps = self._ends[last] - self._ends[last - 1]
        raise TrainingInterruptedError(
            f"the run ended before its time, in epoch {epoch} after "
            f"{self._state.step} of {steps} steps; {kept}"
        )

    def _steps_until_epochs(self) -> list[int]:
        """Steps done before each epoch, and at the last one's end."""
        config = self._config
        epochs = range(1, config.schedule.epochs + 1)
        counts = [len(epoch_order(self._shapes, config.seed, epoch)) for epoch in epochs]
        return [0, *itertools.accumulate(counts)]

    def _load_optimiser(self, tensors: dict[str, Tensor]) -> None:
        state: dict[int, dict[str, Tensor]] = {}
        for name, own in tensors.items():
            place, _, part = name.partition(".")
            state.setdefault(int(place), {})[part] = own
        groups = self._learner.optimiser.state_dict()["param_groups"]
        self._learner.optimiser.load_state_dict({"state": state, "param_groups": groups})


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): own for name, own in tensors.items() if name.startswith(start)
    }
