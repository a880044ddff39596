"""What became of a record: predicted, rejected or shed, fixed once and never decided again.

The outcomes of a batch are kept as one blob until they are delivered; after a crash they are read
back, so that a replayed post keeps its first result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from connectors.schemas.prediction import Prediction, read_prediction
from connectors.schemas.rejection import Reason


@dataclass(frozen=True, slots=True)
class Rejected:
    """The record goes to `posts.dlq`.

    Attributes:
        failed_at: when that was decided, Unix seconds.
    """

    reason: Reason
    detail: str
    failed_at: float


@dataclass(frozen=True, slots=True)
class Shed:
    """Nobody looked inside the record: others stand for it.

    Attributes:
        one_in: of so many conversations one was kept.
    """

    one_in: int


Outcome = Prediction | Rejected | Shed


def encode_outcomes(outcomes: Mapping[int, Outcome]) -> bytes:
    """Outcomes by offset as one blob."""
    return orjson.dumps([[offset, *_encoded(outcome)] for offset, outcome in outcomes.items()])


def decode_outcomes(blob: bytes) -> dict[int, Outcome]:
    """Outcomes by offset, as they were encoded.

    Raises:
        ValueError: the blob was not made by `encode_outcomes`.
    """
    try:
        return {offset: _decoded(kind, fields) for offset, kind, fields in orjson.loads(blob)}
    except (TypeError, KeyError) as error:
        raise ValueError(f"stored outcomes cannot be read: {error}") from error


def _encoded(outcome: Outcome) -> Sequence[object]:
    if isinstance(outcome, Rejected):
        return ["rejected", [outcome.reason.value, outcome.detail, outcome.failed_at]]
    if isinstance(outcome, Shed):
        return ["shed", outcome.one_in]
    return ["prediction", orjson.Fragment(outcome.encoded)]


def _decoded(kind: str, fields: object) -> Outcome:
    if kind == "rejected" and isinstance(fields, list):
        reason, detail, failed_at = fields
        return Rejected(Reason(reason), detail, failed_at)
    if kind == "shed" and isinstance(fields, int):
        return Shed(fields)
    return read_prediction(fields)
