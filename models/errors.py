"""What can go wrong in this package: one small tree of errors.

Not for posts that break the contract of `posts`: those are `connectors.schemas.rejection`.
"""


class ModelError(Exception):
    """The model cannot score what it was given, or gave a result that is no probability."""


class CheckpointError(ModelError):
    """A checkpoint folder is not what it claims to be; the message says what differs."""


class TrainingDataError(ModelError):
    """Training data lack a column, a split or a label that the reader needs."""


class TrainingConfigError(ModelError):
    """A training configuration has a key or a value that does not exist; the message names it."""


class TrainingDivergedError(ModelError):
    """The loss of a training run is no number any more; nothing was written over."""


class TrainingInterruptedError(ModelError):
    """A training run was asked to end before its time; what it did is kept where it says."""


class TrainingStateError(ModelError):
    """The saved state of a training run is missing, damaged, or belongs to another run."""
