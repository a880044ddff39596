"""How a run went as TensorBoard reads it: `tensorboard --logdir FOLDER`."""

from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from models.training.loop import StepReport
from models.training.state import EpochReport


class TensorBoardLog:
    """An observer that writes event files.

    Scalars by step: train/loss, train/learning_rate, train/gradient_norm. By epoch:
    validation/score, and validation/SOURCE/MODALITIES/TASK/MEASURE.

    Args:
        folder: made at the first step. Steps that an earlier, ended part of the run wrote and that
            are done again replace the earlier ones.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def stepped(self, report: StepReport) -> None:
        """See `loop.Observer`."""
        step = report.done
        if self._writer is None:
            self._writer = SummaryWriter(str(self._folder), purge_step=step)
        self._writer.add_scalar("train/loss", report.loss, step)
        self._writer.add_scalar("train/learning_rate", report.learning_rate, step)
        self._writer.add_scalar("train/gradient_norm", report.gradient_norm, step)

    def ended_epoch(self, report: EpochReport) -> None:
        """See `loop.Observer`."""
        if self._writer is None:
            self._writer = SummaryWriter(str(self._folder))
        self._writer.add_scalar("validation/score", report.validation, report.epoch)
        for name, own in report.measures.items():
            for measure, value in own.items():
                self._writer.add_scalar(f"validation/{name}/{measure}", value, report.epoch)
        self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()
